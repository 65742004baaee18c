import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type HostPort, parseHostPort } from "@v6meter/schemas";

const ROOT = resolve(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "services/standalone/bin/v6meter.js");
const START_MAX_MS = 120_000;

/** The program as a user starts it, in a process of its own. */
export interface Platform {
  readonly udp: HostPort;
  readonly http: string;
  /** Of ClickHouse's HTTP interface, for analysts. */
  readonly sqlPort: string;
  readonly key: string;
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** Everything printed so far. */
  output(): string;
  get<T>(path: string): Promise<T>;
  sql<T extends unknown[]>(query: string): Promise<T[]>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end: the exit code. */
  stop(): Promise<number | null>;
}

/** This process's environment without the broker and the server that the tests were given. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _brokers, CLICKHOUSE_URL: _url, ...env } = process.env;
  return env;
}

/** The environment of a program that stands alone. */
export function standaloneEnvironment(): NodeJS.ProcessEnv {
  return { ...inheritedEnvironment(), V6METER_LOG_LEVEL: "warn", V6METER_STORE__SQL: "127.0.0.1:0" };
}

/** Starts the program on a data folder and free ports, and waits until it says where it listens. */
export async function startPlatform(
  data: string,
  {
    udp: at = "127.0.0.1:0",
    args = [],
    env = {},
  }: { udp?: string; args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Platform> {
  const child = spawn(
    process.execPath,
    [PROGRAM, "start", "--data", data, "--udp", at, "--http", "127.0.0.1:0", ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...standaloneEnvironment(), ...env }, cwd: data },
  );
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = once(child, "exit");

  const giveUpAt = Date.now() + START_MAX_MS;
  while (!/^key .*$/m.test(output)) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      child.kill("SIGKILL");
      throw new Error(`v6meter did not start: ${output}`);
    }
    await sleep(10);
  }
  const udp = parseHostPort(/^UDP +(\S+)/m.exec(output)?.[1] ?? "") as HostPort;
  const http = /^API +(http:\/\/[^/]+)/m.exec(output)?.[1] as string;
  const sqlPort = /^SQL +(http:\/\/[^/\s]+)/m.exec(output)?.[1] as string;
  const key = readFileSync(join(data, "admin.key"), "utf8").trim();

  async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await fetch(`${http}${path}`, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    udp,
    http,
    sqlPort,
    key,
    process: child,
    output: () => output,
    get: (path) => request(path),
    sql: async <T extends unknown[]>(query: string) =>
      (await request<{ rows: T[] }>("/api/v1/sql", { method: "POST", body: JSON.stringify({ query }) })).rows,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

/** Sums of the books that tell whether anything is still on its way. */
export interface Books {
  /** Datagrams of each exporter up to the newest that was received, by their sequence numbers. */
  readonly expected: number;
  readonly received: number;
  readonly published: number;
  readonly written: number;
}

export async function books(platform: Platform): Promise<Books> {
  const rows = await platform.sql<[string, string, string]>(
    "SELECT stage, outcome, toString(sum(count)) FROM ledger GROUP BY stage, outcome",
  );
  const of = (stage: string, outcome: string) => Number(rows.find(([a, b]) => a === stage && b === outcome)?.[2] ?? 0);
  return {
    expected: of("receive", "expected"),
    received: of("receive", "received"),
    published: of("publish", "forwarded"),
    written: of("write", "forwarded"),
  };
}

/**
 * Waits until what was published is written and so many datagrams have been received, or, where some of them may
 * have been lost, are expected; throws after `maxMs`.
 */
export async function settled(
  platform: Platform,
  datagrams: number | { readonly expected: number },
  maxMs = 30_000,
): Promise<Books> {
  const least = typeof datagrams === "number" ? { received: datagrams, expected: 0 } : { received: 0, ...datagrams };
  const giveUpAt = Date.now() + maxMs;
  for (;;) {
    const now = await books(platform);
    const arrived = now.received >= least.received && now.expected >= least.expected;
    if (arrived && now.published === now.written) return now;
    if (Date.now() > giveUpAt)
      throw new Error(`not settled: ${JSON.stringify(now)}, at least ${JSON.stringify(least)} was sent`);
    await sleep(100);
  }
}
