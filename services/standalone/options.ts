import { parseArgs } from "node:util";
import { CONFIG_FILE_VARIABLE, loadSettings, type Settings } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";

/** One option of the command line, the setting it sets and what it says in the help. */
interface Option {
  /** Path of the setting. */
  readonly sets: string;
  readonly value: string;
  readonly says: string;
  readonly multiple?: true;
}

const OPTIONS = {
  data: { sets: "data_dir", value: "DIR", says: "folder of bus, store and keys (./data)" },
  keys: { sets: "keys_dir", value: "DIR", says: "folder of the keys that all processes share (the data folder)" },
  udp: { sets: "collector.udp", value: "HOST:PORT", says: "take exports here only; may be repeated", multiple: true },
  http: { sets: "query.http", value: "HOST:PORT", says: "address of the API (127.0.0.1:8080)" },
  sql: { sets: "store.sql", value: "HOST:PORT", says: "address of the SQL port (127.0.0.1:8123)" },
  registry: { sets: "classifier.registry_dir", value: "DIR", says: "registry files beside the defaults" },
  kafka: { sets: "bus.kafka.brokers", value: "HOST:PORT", says: "a broker of Kafka; may be repeated", multiple: true },
  store: { sets: "store.url", value: "URL", says: "ClickHouse's HTTP interface" },
  "collector-monitor": { sets: "collector.monitor", value: "HOST:PORT", says: "address of /metrics (127.0.0.1:9601)" },
  accounting: {
    sets: "sessions.udp",
    value: "HOST:PORT",
    says: "take RADIUS accounting here; may be repeated",
    multiple: true,
  },
  clients: { sets: "sessions.clients_file", value: "FILE", says: "RADIUS clients and their secrets; none: no RADIUS" },
  "accounting-monitor": { sets: "sessions.monitor", value: "HOST:PORT", says: "address of /metrics (127.0.0.1:9600)" },
  "store-monitor": { sets: "store.monitor", value: "HOST:PORT", says: "address of /metrics (127.0.0.1:9699)" },
  "classifier-monitor": {
    sets: "classifier.monitor",
    value: "HOST:PORT",
    says: "address of /metrics (127.0.0.1:9602)",
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;

const ALWAYS = {
  config: { type: "string" },
  check: { type: "boolean" },
  "print-config": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const WIDTH = 32;

/** The options of a command, a line each. */
export function optionsHelp(names: readonly OptionName[]): string {
  const lines = names.map((name) => {
    const { value, says, sets } = OPTIONS[name];
    return `  ${`--${name} ${value}`.padEnd(WIDTH)}${says} (${sets})`;
  });
  return `${lines.join("\n")}
  ${"--config FILE".padEnd(WIDTH)}settings (v6meter.yaml of this folder, where there is one)
  ${"--check".padEnd(WIDTH)}check the settings and the registry, start nothing
  ${"--print-config".padEnd(WIDTH)}print the settings in force as YAML, and where they come from
  ${"--help".padEnd(WIDTH)}this text

Settings in a file and V6METER_… variables: docs/reference/settings.md
`;
}

export interface Arguments {
  /** Reads and checks the settings; throws CONFIG_INVALID. */
  settings(): Settings;
  readonly check: boolean;
  readonly printConfig: boolean;
  readonly help: boolean;
}

/** Reads the command line of a command that knows the given options. Throws CONFIG_INVALID for what is not known. */
export function readArguments(
  args: string[],
  names: readonly OptionName[],
  defaults: Readonly<Record<string, unknown>> = {},
): Arguments {
  const known = names.map((name) => [name, { type: "string", multiple: "multiple" in OPTIONS[name] }] as const);
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args, options: { ...Object.fromEntries(known), ...ALWAYS } }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
  }
  const flags: Record<string, unknown> = { ...defaults };
  for (const name of names) if (values[name] !== undefined) flags[OPTIONS[name].sets] = values[name];
  const file = (values.config as string | undefined) ?? process.env[CONFIG_FILE_VARIABLE] ?? null;
  return {
    settings: () => loadSettings({ env: process.env, flags, file }),
    check: values.check === true,
    printConfig: values["print-config"] === true,
    help: values.help === true,
  };
}
