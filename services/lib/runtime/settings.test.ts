import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { config, type Fault } from "@v6meter/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSettings } from "./settings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-settings-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "v6meter.yaml");
  writeFileSync(path, text);
  return path;
}

function load(sources: { yaml?: string; env?: Record<string, string>; flags?: Record<string, unknown> }) {
  return loadSettings({ file: file(sources.yaml ?? ""), env: sources.env ?? {}, flags: sources.flags ?? {} });
}

function refusal(sources: Parameters<typeof load>[0]): Fault {
  try {
    load(sources);
  } catch (error) {
    return error as Fault;
  }
  throw new Error("was accepted");
}

test("every setting has a default, and the defaults pass their own check", () => {
  expect(load({}).config).toEqual(config.parse({}));
});

test("flags win over the environment, the environment over the file", () => {
  const yaml = "data_dir: from-file\nlog_level: warn\nquery:\n  http: 127.0.0.1:1\n";
  const env = { V6METER_LOG_LEVEL: "error", V6METER_QUERY__HTTP: "127.0.0.1:2", PATH: "/bin" };
  const { config, origins } = load({ yaml, env, flags: { "query.http": "127.0.0.1:3" } });
  expect(config).toMatchObject({ data_dir: "from-file", log_level: "error", query: { http: "127.0.0.1:3" } });
  expect(origins.get("data_dir")).toMatch(/v6meter\.yaml$/);
  expect(origins.get("log_level")).toBe("V6METER_LOG_LEVEL");
  expect(origins.get("query.http")).toBe("command line");
});

test("a group without settings changes none", () => {
  const env = { V6METER_BUS: "{}" };
  expect(load({ yaml: "bus: { partitions: 4 }\nstore: {}\n", env }).config).toMatchObject({
    bus: { partitions: 4 },
    store: config.parse({}).store,
  });
});

test("a variable holds numbers and lists", () => {
  const env = { V6METER_COLLECTOR__BATCH_ROWS: "2048", V6METER_COLLECTOR__UDP: "127.0.0.1:1, [::1]:2" };
  expect(load({ env }).config.collector).toMatchObject({ batch_rows: 2048, udp: ["127.0.0.1:1", "[::1]:2"] });
});

test("KAFKA_BROKERS and CLICKHOUSE_URL are read by the names others know, and give way to their own", () => {
  const env = { KAFKA_BROKERS: "a:9092,b:9092", CLICKHOUSE_URL: "http://c:8123" };
  expect(load({ env }).config).toMatchObject({
    bus: { kafka: { brokers: ["a:9092", "b:9092"] } },
    store: { url: "http://c:8123" },
  });
  const own = { ...env, V6METER_STORE__URL: "http://d:8123" };
  expect(load({ env: own }).config.store.url).toBe("http://d:8123");
});

test.each([
  {
    says: "a wrong type names path, origin, what was found and what is allowed",
    yaml: "collector:\n  batch_rows: many\n",
    message:
      /^collector\.batch_rows \(.*v6meter\.yaml\): found "many", allowed is a whole number from 1024 to 1048576\.$/,
  },
  {
    says: "a number out of range",
    env: { V6METER_COLLECTOR__FLUSH_INTERVAL_MS: "1" },
    message:
      "collector.flush_interval_ms (V6METER_COLLECTOR__FLUSH_INTERVAL_MS): found 1, allowed is a whole number from 10 to 60000.",
  },
  {
    says: "an unknown setting lists its neighbours",
    yaml: "bus:\n  partition: 4\n",
    message: /^bus\.partition \(.*\): unknown setting; allowed here: kafka, partitions, max_bytes\.$/,
  },
  {
    says: "an unknown group is refused without settings in it too",
    yaml: "colector: {}\n",
    message: /^colector \(.*v6meter\.yaml\): unknown setting; allowed here: data_dir, /,
  },
  {
    says: "an unknown group within a group",
    yaml: "bus: { disk: {} }\n",
    message: /^bus\.disk \(.*\): unknown setting; allowed here: kafka, partitions, max_bytes\.$/,
  },
  {
    says: "a setting by the name of what objects inherit",
    yaml: "__proto__: { batch_rows: 1 }\n",
    message: /^__proto__ \(.*\): unknown setting; allowed here: data_dir, /,
  },
  {
    says: "an unknown variable is refused, not ignored",
    env: { V6METER_COLECTOR__UDP: "127.0.0.1:1" },
    message: /^colector \(V6METER_COLECTOR__UDP\): unknown setting; allowed here: data_dir, /,
  },
  {
    says: "a word outside a vocabulary",
    flags: { log_level: "loud" },
    message: 'log_level (command line): found "loud", allowed is one of trace, debug, info, warn, error, silent.',
  },
  {
    says: "an address without a port",
    flags: { "query.http": "localhost" },
    message:
      'query.http (command line): found "localhost", allowed is HOST:PORT or [IPv6]:PORT with a port of 0 to 65535.',
  },
  {
    says: "one bad address of a list",
    flags: { "collector.udp": ["127.0.0.1:2055", "127.0.0.1:99999"] },
    message:
      'collector.udp.1 (command line): found "127.0.0.1:99999", allowed is HOST:PORT or [IPv6]:PORT with a port of 0 to 65535.',
  },
  {
    says: "a scalar where a group belongs",
    yaml: "bus: 4\n",
    message: /^bus \(.*\): found 4, allowed is a group of kafka, partitions, max_bytes\.$/,
  },
  { says: "a file that is not YAML", yaml: "bus: [", message: /v6meter\.yaml: is not YAML: / },
])("$says", ({ message, ...sources }) => {
  const fault = refusal(sources);
  expect(fault.code).toBe("CONFIG_INVALID");
  expect(fault.message).toMatch(message);
});

test("every problem is told at once, one line each", () => {
  expect(refusal({ yaml: "log_level: loud\nbus:\n  partitions: 0\n" }).message.split("\n")).toHaveLength(2);
});

test("a file that was named must exist", () => {
  expect(() => loadSettings({ file: join(folder, "none.yaml"), env: {}, flags: {} })).toThrow(
    /none\.yaml: cannot be read/,
  );
});
