import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type KafkaNode, startKafka } from "@v6meter/kafka";
import { receiverHasRoom } from "@v6meter/sockets";
import { expect } from "vitest";
import { auditBalance, auditRollups, differs } from "./audit.ts";
import { Cluster } from "./cluster.ts";
import { FlowSender, RECORDS } from "./flow-sender.ts";
import type { ProgramProcess } from "./program-process.ts";

const SETTLE_MAX_MS = 240_000;
/** Sent between two looks at what waits in the kernel; the smallest receive buffer in use holds them. */
const FLOOD_DATAGRAMS = 31;

export interface FedClusterOptions {
  /** Source addresses of the exporters; they send to the collectors in turn. */
  readonly exporters: readonly string[];
  readonly collectors: number;
  readonly classifiers: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Of one exporter. */
export interface ExporterBooks {
  readonly expected: number;
  readonly forwarded: number;
  readonly lost: number;
  /** Records, by a queue that was full. */
  readonly busFull: number;
  readonly rows: number;
}

/** What may be missing since it was last asked; of all else nothing may. */
export interface Allowed {
  /** Collectors that were killed. */
  readonly killed?: readonly number[];
  /** Collectors whose spool was full. */
  readonly full?: readonly number[];
}

/** A cluster with a Kafka of its own, and exporters that number all they send. */
export class FedCluster {
  readonly cluster: Cluster;
  readonly senders: readonly FlowSender[];
  readonly #options: FedClusterOptions;
  readonly #folder: string;
  #kafka: KafkaNode;
  /** Datagrams and records of each sender that were missing when it was last asked. */
  readonly #lostBefore: number[];
  readonly #fullBefore: number[];

  private constructor(
    options: FedClusterOptions,
    parts: { folder: string; kafka: KafkaNode; cluster: Cluster; senders: readonly FlowSender[] },
  ) {
    this.#options = options;
    this.#folder = parts.folder;
    this.#kafka = parts.kafka;
    this.cluster = parts.cluster;
    this.senders = parts.senders;
    this.#lostBefore = options.exporters.map(() => 0);
    this.#fullBefore = options.exporters.map(() => 0);
  }

  static async start(options: FedClusterOptions): Promise<FedCluster> {
    const { exporters, collectors, classifiers, env } = options;
    const folder = mkdtempSync(join(tmpdir(), "v6meter-cluster-"));
    await using parts = new AsyncDisposableStack();
    parts.defer(() => rmSync(folder, { recursive: true, force: true }));
    const kafka = parts.adopt(await startKafka({ dataDir: join(folder, "kafka") }), (it) => it.kill());
    const cluster = new Cluster({
      folder,
      brokers: kafka.brokers,
      collectors,
      classifiers,
      partitions: 4,
      env: { V6METER_BUS__KAFKA__SESSION_TIMEOUT_MS: "6000", V6METER_CLASSIFIER__CUT_INTERVAL_MS: "200", ...env },
    });
    parts.defer(() => cluster.kill());
    await cluster.start();
    const senders = await Promise.all(
      exporters.map((address, i) => FlowSender.open(address, cluster.udp(i % collectors))),
    );
    const fed = new FedCluster(options, { folder, kafka, cluster, senders });
    parts.move();
    return fed;
  }

  /** SIGKILL to all of it. */
  async end(): Promise<void> {
    for (const sender of this.senders) sender.close();
    await this.cluster.kill();
    await this.#kafka.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  stopKafka(): Promise<void> {
    return this.#kafka.stop();
  }

  killKafka(): Promise<void> {
    return this.#kafka.kill();
  }

  /** At its address, on its data. */
  async restartKafka(): Promise<void> {
    const port = Number(this.#kafka.brokers[0]?.split(":").at(-1));
    this.#kafka = await startKafka({ dataDir: join(this.#folder, "kafka"), port });
  }

  /** Sends from every exporter all the while. */
  async sendingWhile(faults: () => Promise<void>): Promise<void> {
    let sending = true;
    const feeding = (async () => {
      while (sending) {
        await Promise.all(this.senders.map((sender) => sender.send()));
        await sleep(10);
      }
    })();
    try {
      await sleep(1_000);
      await faults();
      await sleep(1_000);
    } finally {
      sending = false;
      await feeding;
    }
  }

  /** Sends as fast as the collectors take it, so that the kernel drops nothing, until the condition holds. */
  async floodUntil(done: () => Promise<boolean>): Promise<void> {
    let flooding = true;
    const floods = this.senders.map(async (sender, i) => {
      const { port } = this.cluster.udp(i % this.#options.collectors);
      while (flooding) {
        for (let sent = 0; sent < FLOOD_DATAGRAMS; sent++) void sender.send();
        await sender.send();
        await receiverHasRoom(port);
      }
    });
    try {
      while (!(await done())) await sleep(200);
    } finally {
      flooding = false;
      await Promise.all(floods);
    }
  }

  async booksOf(exporter: string): Promise<ExporterBooks> {
    const address = `toIPv6('${exporter}')`;
    const [row] = await this.cluster.sql<string[]>(`
      SELECT toString(sumIf(count, stage = 'receive' AND outcome = 'expected')),
             toString(sumIf(count, stage = 'receive' AND outcome = 'forwarded')),
             toString(sumIf(count, stage = 'receive' AND outcome = 'lost')),
             toString(sumIf(count, stage = 'publish' AND reason = 'bus_full')),
             (SELECT toString(count()) FROM flows WHERE exporter = ${address})
      FROM ledger WHERE exporter = ${address}`);
    const [expected = 0, forwarded = 0, lost = 0, busFull = 0, rows = 0] = (row ?? []).map(Number);
    return { expected, forwarded, lost, busFull, rows };
  }

  /** A collector tells a gap by the datagram behind it: waits until each exporter's last one is in the books. */
  async #everythingSeen(): Promise<void> {
    await Promise.all(this.senders.map((sender) => sender.send()));
    const giveUpAt = Date.now() + SETTLE_MAX_MS;
    for (const [i, exporter] of this.#options.exporters.entries()) {
      const seen = () =>
        this.booksOf(exporter).then(
          ({ expected }) => expected,
          () => -1,
        );
      while ((await seen()) < (this.senders[i] as FlowSender).datagrams && Date.now() < giveUpAt) await sleep(200);
    }
    await this.cluster.settled(0, SETTLE_MAX_MS);
  }

  /** What must hold after whatever happened; returns the books of each exporter. */
  async expectExact({ killed = [], full = [] }: Allowed = {}): Promise<ExporterBooks[]> {
    await this.#everythingSeen();
    const all: ExporterBooks[] = [];
    for (const [i, exporter] of this.#options.exporters.entries()) {
      const { datagrams } = this.senders[i] as FlowSender;
      const collector = i % this.#options.collectors;
      const books = await this.booksOf(exporter);
      const { expected, forwarded, lost, busFull, rows } = books;
      expect(expected, `${exporter}: every datagram sent is expected`).toBe(datagrams);
      expect(forwarded + lost, `${exporter}: what is not forwarded is told lost`).toBe(datagrams);
      expect(rows, `${exporter}: rows of what was forwarded and had room`).toBe(forwarded * RECORDS - busFull);
      if (!killed.includes(collector))
        expect(lost, `${exporter}: its collector was up all the time`).toBe(this.#lostBefore[i]);
      if (!full.includes(collector)) expect(busFull, `${exporter}: there was room`).toBe(this.#fullBefore[i]);
      this.#lostBefore[i] = lost;
      this.#fullBefore[i] = busFull;
      all.push(books);
    }
    const [counts] = await this.cluster.sql<[string, string]>(
      "SELECT toString(count()), toString(uniqExact(exporter, src_addr)) FROM flows",
    );
    expect(counts?.[1], "distinct rows").toBe(counts?.[0]);
    expect([...(await auditBalance(this.cluster)), ...(await auditRollups(this.cluster))].filter(differs)).toEqual([]);
    for (const { name, isRunning, output } of this.cluster.processes)
      expect(isRunning, `${name} has ended:\n${output}`).toBe(true);
    return all;
  }
}

/** SIGKILL, and a start at the same place a while later. */
export async function killAndRestart(program: ProgramProcess, awayMs: number): Promise<void> {
  await program.kill();
  await sleep(awayMs);
  await program.start();
}
