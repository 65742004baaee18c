import { parseArgs } from "node:util";
import { CONFIG_FILE_VARIABLE, loadSettings, type Settings } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";

export const START_OPTIONS = {
  config: { type: "string" },
  data: { type: "string" },
  udp: { type: "string", multiple: true },
  http: { type: "string" },
  registry: { type: "string" },
  check: { type: "boolean" },
  "print-config": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

export const START_HELP = `  --data DIR          folder of bus, store and keys (data_dir, ./data)
  --udp HOST:PORT     take exports here only; may be repeated (collector.udp)
  --http HOST:PORT    address of the API (query.http, 127.0.0.1:8080)
  --registry DIR      registry files beside the defaults (classifier.registry_dir)
  --config FILE       settings (v6meter.yaml of this folder, where there is one)
  --check             check the settings and the registry, start nothing
  --print-config      print the settings in force as YAML, and where they come from
  --help              this text

Settings in a file and V6METER_… variables: docs/reference/settings.md
`;

export interface StartArguments {
  /** Reads and checks the settings; throws CONFIG_INVALID. */
  settings(): Settings;
  readonly check: boolean;
  readonly printConfig: boolean;
  readonly help: boolean;
}

/** Reads the command line of `start` and `demo`. Throws CONFIG_INVALID for what is not known. */
export function readStartArguments(args: string[], defaults: Readonly<Record<string, unknown>> = {}): StartArguments {
  let values: ReturnType<typeof parseArgs<{ options: typeof START_OPTIONS }>>["values"];
  try {
    values = parseArgs({ args, options: START_OPTIONS }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
  }
  const flags: Record<string, unknown> = { ...defaults };
  if (values.data !== undefined) flags.data_dir = values.data;
  if (values.udp !== undefined) flags["collector.udp"] = values.udp;
  if (values.http !== undefined) flags["query.http"] = values.http;
  if (values.registry !== undefined) flags["classifier.registry_dir"] = values.registry;
  const file = values.config ?? process.env[CONFIG_FILE_VARIABLE] ?? null;
  return {
    settings: () => loadSettings({ env: process.env, flags, file }),
    check: values.check ?? false,
    printConfig: values["print-config"] ?? false,
    help: values.help ?? false,
  };
}
