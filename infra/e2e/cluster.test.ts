import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type KafkaNode, kafkaIsThere, startKafka } from "@v6meter/kafka";
import { Random } from "@v6meter/random";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditBalance, auditRollups, differs } from "./audit.ts";
import { Cluster } from "./cluster.ts";
import { FlowSender, RECORDS } from "./flow-sender.ts";
import type { ProgramProcess } from "./program-process.ts";

const SEED = Number(process.env.SEED ?? 20_261_124);
const OUTAGE_MS = Number(process.env.KAFKA_OUTAGE_S ?? 20) * 1_000;
const STORE_OUTAGE_MS = 8_000;
const RANDOM_KILLS = 6;
const COLLECTORS = 2;
const EXPORTERS = ["127.9.1.1", "127.9.1.2", "127.9.1.3", "127.9.1.4"];
const SETTLE_MAX_MS = 120_000;

let folder: string;
let kafka: KafkaNode;
let cluster: Cluster;
const senders: FlowSender[] = [];
/** Datagrams each sender's collector was down for, or had in memory as it was killed, so far. */
const lostBefore = EXPORTERS.map(() => 0);
const collectorOf = (sender: number) => sender % COLLECTORS;

const startNode = (port?: number) =>
  startKafka({ dataDir: join(folder, "kafka"), ...(port === undefined ? {} : { port }) });
async function restartKafka(): Promise<void> {
  kafka = await startNode(Number(kafka.brokers[0]?.split(":").at(-1)));
}

/** Sends from every exporter all the while. */
async function sendingWhile(faults: () => Promise<void>): Promise<void> {
  let sending = true;
  const feeding = (async () => {
    while (sending) {
      await Promise.all(senders.map((sender) => sender.send()));
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

interface ExporterBooks {
  readonly expected: number;
  readonly forwarded: number;
  readonly lost: number;
  readonly rows: number;
}

async function booksOf(exporter: string): Promise<ExporterBooks> {
  const address = `toIPv6('${exporter}')`;
  const [row] = await cluster.sql<string[]>(`
    SELECT toString(sumIf(count, outcome = 'expected')), toString(sumIf(count, outcome = 'forwarded')),
           toString(sumIf(count, outcome = 'lost')),
           (SELECT toString(count()) FROM flows WHERE exporter = ${address})
    FROM ledger WHERE exporter = ${address} AND stage = 'receive'`);
  const [expected = 0, forwarded = 0, lost = 0, rows = 0] = (row ?? []).map(Number);
  return { expected, forwarded, lost, rows };
}

/** A collector tells a gap by the datagram behind it: waits until each exporter's last one is in the books. */
async function everythingSeen(): Promise<void> {
  await Promise.all(senders.map((sender) => sender.send()));
  const giveUpAt = Date.now() + SETTLE_MAX_MS;
  for (const [i, exporter] of EXPORTERS.entries()) {
    const seen = () =>
      booksOf(exporter).then(
        ({ expected }) => expected,
        () => -1,
      );
    while ((await seen()) < (senders[i] as FlowSender).datagrams && Date.now() < giveUpAt) await sleep(200);
  }
  await cluster.settled(0, SETTLE_MAX_MS);
}

/** What must hold after whatever happened; only exporters of the given collectors may have lost anything since. */
async function expectExact({ killed = [] }: { killed?: readonly number[] } = {}): Promise<void> {
  await everythingSeen();
  for (const [i, exporter] of EXPORTERS.entries()) {
    const { datagrams } = senders[i] as FlowSender;
    const { expected, forwarded, lost, rows } = await booksOf(exporter);
    expect(expected, `${exporter}: every datagram sent is expected`).toBe(datagrams);
    expect(forwarded + lost, `${exporter}: what is not forwarded is told lost`).toBe(datagrams);
    expect(rows, `${exporter}: rows of the datagrams that were forwarded`).toBe(forwarded * RECORDS);
    if (!killed.includes(collectorOf(i)))
      expect(lost, `${exporter}: its collector was up all the time`).toBe(lostBefore[i]);
    lostBefore[i] = lost;
  }
  const [counts] = await cluster.sql<[string, string]>(
    "SELECT toString(count()), toString(uniqExact(exporter, src_addr)) FROM flows",
  );
  expect(counts?.[1], "distinct rows").toBe(counts?.[0]);
  expect([...(await auditBalance(cluster)), ...(await auditRollups(cluster))].filter(differs)).toEqual([]);
  for (const { name, isRunning, output } of cluster.processes)
    expect(isRunning, `${name} has ended:\n${output}`).toBe(true);
}

async function killAndRestart(program: ProgramProcess, awayMs: number): Promise<void> {
  await program.kill();
  await sleep(awayMs);
  await program.start();
}

// Kafka is killed here: it must be a node of one's own.
const kafkaCanRun = kafkaIsThere({ ...process.env, KAFKA_BROKERS: undefined });

describe.skipIf(!kafkaCanRun)("kill -9 and outages: rows + lost == sent, the books balance, every row once", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "v6meter-cluster-"));
    kafka = await startNode();
    cluster = new Cluster({
      folder,
      brokers: kafka.brokers,
      collectors: COLLECTORS,
      classifiers: 2,
      partitions: 4,
      env: { V6METER_BUS__KAFKA__SESSION_TIMEOUT_MS: "6000", V6METER_CLASSIFIER__CUT_INTERVAL_MS: "200" },
    });
    await cluster.start();
    for (const [i, address] of EXPORTERS.entries())
      senders.push(await FlowSender.open(address, cluster.udp(collectorOf(i))));
  }, 180_000);

  afterAll(async () => {
    for (const sender of senders) sender.close();
    await cluster?.kill();
    await kafka?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test("nothing is lost while nothing happens", { timeout: 180_000 }, async () => {
    await sendingWhile(() => sleep(2_000));
    await expectExact();
  });

  test("a collector killed and started again: what it missed is told lost", { timeout: 180_000 }, async () => {
    await sendingWhile(() => killAndRestart(cluster.collectors[0] as ProgramProcess, 1_000));
    await expectExact({ killed: [0] });
  });

  test("a classifier killed: the other takes its partitions over and repeats its cut", {
    timeout: 180_000,
  }, async () => {
    await sendingWhile(() => killAndRestart(cluster.classifiers[0] as ProgramProcess, 8_000));
    await expectExact();
  });

  test(`the store killed and away for ${STORE_OUTAGE_MS / 1_000} s`, { timeout: 240_000 }, async () => {
    await sendingWhile(() => killAndRestart(cluster.store, STORE_OUTAGE_MS));
    await expectExact();
  });

  test("Kafka killed and started again on its data", { timeout: 240_000 }, async () => {
    await sendingWhile(async () => {
      await kafka.kill();
      await restartKafka();
    });
    await expectExact();
  });

  test(`Kafka stopped for ${OUTAGE_MS / 1_000} s: the spools take everything`, {
    timeout: 240_000 + 2 * OUTAGE_MS,
  }, async () => {
    await sendingWhile(async () => {
      await kafka.stop();
      await sleep(OUTAGE_MS);
      await restartKafka();
    });
    await expectExact();
  });

  test("datagrams that come twice or the wrong way round are rows once", { timeout: 180_000 }, async () => {
    for (let i = 0; i < 50; i++) {
      await Promise.all(senders.map((sender) => sender.sendReordered()));
      await Promise.all(senders.map((sender) => sender.sendTwice()));
      await sleep(5);
    }
    await expectExact();
    const [counts] = await cluster.sql<[string, string]>(`
      SELECT toString(sumIf(count, outcome = 'reordered')), toString(sumIf(count, reason = 'duplicate_datagram'))
      FROM ledger WHERE stage = 'receive'`);
    expect(counts).toEqual([String(50 * EXPORTERS.length), String(50 * EXPORTERS.length)]);
  });

  test(`${RANDOM_KILLS} kills of anything at any moment (seed ${SEED})`, { timeout: 480_000 }, async () => {
    const random = new Random(SEED);
    const killed = new Set<number>();
    await sendingWhile(async () => {
      for (let round = 0; round < RANDOM_KILLS; round++) {
        await sleep(random.below(1_500));
        const victim = random.below(cluster.processes.length);
        const program = cluster.processes[victim] as ProgramProcess;
        if (program === cluster.query) {
          await kafka.kill();
          await restartKafka();
        } else await killAndRestart(program, random.below(500));
        if (victim < COLLECTORS) killed.add(victim);
      }
    });
    await expectExact({ killed: [...killed] });
  });

  test("everything stops cleanly and has written what it had", { timeout: 120_000 }, async () => {
    await sendingWhile(() => sleep(500));
    const codes = await cluster.stop();
    expect(codes).toEqual(Object.fromEntries(cluster.processes.map(({ name }) => [name, 0])));
  });
});
