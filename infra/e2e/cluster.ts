import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type HostPort, parseHostPort, storeConfig } from "@v6meter/schemas";
import { ProgramProcess } from "./program-process.ts";

const REGISTRY = resolve(import.meta.dirname, "../demo/registry");
const ANY = "127.0.0.1:0";
const ADDRESS = "([0-9.]+:[0-9]+)";
/** Polls in a row that must say the same before the cluster is called settled. */
const SETTLED_POLLS = 4;
const POLL_MS = 250;

export interface ClusterOptions {
  /** Of all data and keys; a folder a process in it. */
  readonly folder: string;
  readonly brokers: readonly string[];
  readonly collectors: number;
  readonly classifiers: number;
  readonly partitions: number;
  /** Settings of all processes beside those the cluster needs. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onProgress?: (text: string) => void;
}

/** Sums of the books over all exporters and processes. */
export interface ClusterBooks {
  readonly received: number;
  readonly published: number;
  readonly written: number;
}

/**
 * The platform as processes of their own: collectors, Kafka (somebody else's), classifiers, the store and
 * the API, each started by its command. Any of them can be killed and started again at the same address.
 */
export class Cluster {
  readonly store: ProgramProcess;
  readonly collectors: readonly ProgramProcess[];
  readonly classifiers: readonly ProgramProcess[];
  readonly query: ProgramProcess;
  readonly #keys: string;

  constructor({ folder, brokers, collectors, classifiers, partitions, env = {} }: ClusterOptions) {
    this.#keys = join(folder, "keys");
    const shared = {
      V6METER_KEYS_DIR: this.#keys,
      V6METER_BUS__PARTITIONS: String(partitions),
      V6METER_BUS__KAFKA__BROKERS: brokers.join(","),
      V6METER_STORE__USERNAME: "v6meter",
      V6METER_STORE__PASSWORD_FILE: join(this.#keys, "store.key"),
      V6METER_CLASSIFIER__REGISTRY_DIR: REGISTRY,
      ...env,
    };
    const program = (command: string, index: number | null, own: Record<string, string>, ready: RegExp) => {
      const name = index === null ? command : `${command}-${index + 1}`;
      return new ProgramProcess({ name, command, folder: join(folder, name), env: { ...shared, ...own }, ready });
    };
    const monitored = new RegExp(`^MON +http://${ADDRESS}/`, "m");
    const each = (count: number, make: (index: number) => ProgramProcess) =>
      Array.from({ length: count }, (_, i) => make(i));
    // Of the settings above the store takes those of its own data; who asks it is told by its user's password.
    this.store = program(
      "store",
      null,
      { V6METER_STORE__SQL: ANY, V6METER_STORE__MONITOR: ANY },
      new RegExp(`^SQL +http://${ADDRESS}`, "m"),
    );
    this.collectors = each(collectors, (index) =>
      program("collector", index, { V6METER_COLLECTOR__UDP: ANY, V6METER_COLLECTOR__MONITOR: ANY }, monitored),
    );
    this.classifiers = each(classifiers, (index) =>
      program("classifier", index, { V6METER_CLASSIFIER__MONITOR: ANY }, monitored),
    );
    this.query = program("query", null, { V6METER_QUERY__HTTP: ANY }, new RegExp(`^API +http://${ADDRESS}/`, "m"));
  }

  get processes(): readonly ProgramProcess[] {
    return [...this.collectors, ...this.classifiers, this.query, this.store];
  }

  async start(onProgress: (text: string) => void = () => {}): Promise<void> {
    const sql = await this.store.start();
    this.store.pin("V6METER_STORE__SQL", sql);
    onProgress(`store       http://${sql}`);
    for (const other of [...this.collectors, ...this.classifiers, this.query])
      other.pin("V6METER_STORE__URL", `http://${sql}`);
    // The first classifier makes the tables, and the topics where no collector has made them.
    for (const classifier of this.classifiers)
      onProgress(`${classifier.name}  http://${await classifier.start()}/metrics`);
    const http = await this.query.start();
    this.query.pin("V6METER_QUERY__HTTP", http);
    onProgress(`query       http://${http}`);
    await Promise.all(
      this.collectors.map(async (collector) => {
        await collector.start();
        const udp = collector.announced("UDP") as string;
        collector.pin("V6METER_COLLECTOR__UDP", udp);
        onProgress(`${collector.name} ${udp}`);
      }),
    );
  }

  /** Where a collector takes datagrams. */
  udp(collector: number): HostPort {
    return parseHostPort(this.collectors[collector]?.announced("UDP") ?? "") as HostPort;
  }

  get key(): string {
    const file = join(this.#keys, "admin.key");
    return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  }

  async get<T>(path: string, init: RequestInit = {}): Promise<T> {
    const url = new URL(path, (this.query.announced("API") as string).replace(/(?<=\d)\/.*$/, ""));
    const headers = { authorization: `Bearer ${this.key}`, "content-type": "application/json" };
    const response = await fetch(url, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async sql<T extends unknown[]>(query: string): Promise<T[]> {
    const answer = await this.get<{ rows: T[] }>("/api/v1/sql", { method: "POST", body: JSON.stringify({ query }) });
    return answer.rows;
  }

  async books(): Promise<ClusterBooks> {
    const rows = await this.sql<[string, string, string]>(
      "SELECT stage, outcome, toString(sum(count)) FROM ledger GROUP BY stage, outcome",
    );
    const of = (stage: string, outcome: string) =>
      Number(rows.find(([a, b]) => a === stage && b === outcome)?.[2] ?? 0);
    return {
      received: of("receive", "received"),
      published: of("publish", "forwarded"),
      written: of("write", "forwarded"),
    };
  }

  /** A statement to the store itself, in the database of the others, as the user who may do everything. */
  async asOwner(statement: string): Promise<void> {
    const password = readFileSync(join(this.#keys, "store.key"), "utf8").trim();
    const headers = {
      "X-ClickHouse-User": "v6meter",
      "X-ClickHouse-Key": password,
      "X-ClickHouse-Database": storeConfig.parse({}).database,
    };
    const response = await fetch(this.store.announced("SQL") as string, { method: "POST", body: statement, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${statement}: ${text}`);
  }

  /** Why a collector or classifier is not ready; null where it is. */
  async trouble(program: ProgramProcess): Promise<string | null> {
    const response = await this.#page(program, "/readyz");
    const { reason } = (await response.json()) as { reason?: string };
    return response.ok ? null : (reason ?? "");
  }

  /** Values of a figure of a process by their labels; none where it does not tell it. */
  async figure(program: ProgramProcess, name: string): Promise<number[]> {
    const lines = (await (await this.#page(program, "/metrics")).text()).split("\n");
    return lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) => Number(line.split(" ").at(-1)));
  }

  #page(program: ProgramProcess, path: string): Promise<Response> {
    const headers = { authorization: `Bearer ${this.key}` };
    return fetch(new URL(path, program.announced("MON") as string), { headers });
  }

  /** Messages on their way: in the collectors' spools and on Kafka. Null where a process does not tell. */
  async lag(): Promise<number | null> {
    // The mark at a transaction's end has an offset of its own, which nobody commits.
    const [classifier] = this.classifiers;
    const onKafka = classifier && this.#lag(classifier, "v6meter_bus_lag_messages", 1);
    const spools = this.collectors.map((it) => this.#lag(it, "v6meter_spool_lag_messages", 0));
    const sums = await Promise.all([...spools, onKafka ?? null]);
    return sums.reduce((sum: number | null, one) => (sum === null || one === null ? null : sum + one), 0);
  }

  /** The sum of a gauge over the partitions, without what each of them has always. */
  async #lag(program: ProgramProcess, name: string, always: number): Promise<number | null> {
    try {
      const values = await this.figure(program, name);
      if (values.length === 0) return null;
      return values.reduce((sum, value) => sum + Math.max(0, value - always), 0);
    } catch {
      return null;
    }
  }

  /**
   * Waits until nothing is on its way: at least `datagrams` received, everything published written, no
   * spool with a message, and the books the same for a while. Throws after `maxMs`, with what there is.
   */
  async settled(datagrams: number, maxMs = 60_000): Promise<ClusterBooks> {
    const giveUpAt = Date.now() + maxMs;
    let same = 0;
    let before = "";
    for (;;) {
      const [now, lag] = await Promise.all([this.books().catch((error: Error) => error), this.lag()]);
      const text = now instanceof Error ? now.message : JSON.stringify(now);
      const done = !(now instanceof Error) && lag === 0 && now.received >= datagrams && now.published === now.written;
      same = done && text === before ? same + 1 : 0;
      before = text;
      if (done && same >= SETTLED_POLLS) return now;
      if (Date.now() > giveUpAt) throw new Error(`not settled: ${text}, lag ${lag}, sent ${datagrams} datagrams`);
      await sleep(POLL_MS);
    }
  }

  /** Stops all that run against the way of the data; the exit codes by name. */
  async stop(): Promise<Record<string, number | null>> {
    const codes: Record<string, number | null> = {};
    for (const group of [this.collectors, this.classifiers, [this.query], [this.store]]) {
      await Promise.all(
        group.map(async (it) => {
          codes[it.name] = await it.stop();
        }),
      );
    }
    return codes;
  }

  /** SIGKILL to all that run. */
  async kill(): Promise<void> {
    await Promise.all(this.processes.map((it) => it.kill()));
  }
}
