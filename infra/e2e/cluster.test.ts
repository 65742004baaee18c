import { setTimeout as sleep } from "node:timers/promises";
import { kafkaIsThere } from "@v6meter/kafka";
import { Random } from "@v6meter/random";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FedCluster, killAndRestart } from "./fed-cluster.test-data.ts";
import type { ProgramProcess } from "./program-process.ts";

const SEED = Number(process.env.SEED ?? 20_261_124);
const STORE_OUTAGE_MS = 8_000;
const RANDOM_KILLS = 6;
const COLLECTORS = 2;
const EXPORTERS = ["127.9.1.1", "127.9.1.2", "127.9.1.3", "127.9.1.4"];

let fed: FedCluster;

// Kafka is killed here: it must be a node of one's own.
const kafkaCanRun = kafkaIsThere({ ...process.env, KAFKA_BROKERS: undefined });

describe.skipIf(!kafkaCanRun)("kill -9 and outages: rows + lost == sent, the books balance, every row once", () => {
  beforeAll(async () => {
    fed = await FedCluster.start({ exporters: EXPORTERS, collectors: COLLECTORS, classifiers: 2 });
  }, 180_000);

  afterAll(() => fed?.end());

  test("nothing is lost while nothing happens", { timeout: 180_000 }, async () => {
    await fed.sendingWhile(() => sleep(2_000));
    await fed.expectExact();
  });

  test("a collector killed and started again: what it missed is told lost", { timeout: 180_000 }, async () => {
    await fed.sendingWhile(() => killAndRestart(fed.cluster.collectors[0] as ProgramProcess, 1_000));
    await fed.expectExact({ killed: [0] });
  });

  test("a collector started again as two processes, of which one is killed: the other goes on", {
    timeout: 180_000,
  }, async () => {
    const collector = fed.cluster.collectors[0] as ProgramProcess;
    collector.pin("V6METER_COLLECTOR__PROCESSES", "2");
    await fed.sendingWhile(async () => {
      await killAndRestart(collector, 0);
      await sleep(500);
      const [child] = collector.children();
      process.kill(child as number, "SIGKILL");
      const others = () => collector.children().filter((pid) => pid !== child);
      while (others().length < 2) await sleep(50);
    });
    await fed.expectExact({ killed: [0] });
  });

  test("a classifier killed: the other takes its partitions over and repeats its cut", {
    timeout: 180_000,
  }, async () => {
    await fed.sendingWhile(() => killAndRestart(fed.cluster.classifiers[0] as ProgramProcess, 8_000));
    await fed.expectExact();
  });

  test(`the store killed and away for ${STORE_OUTAGE_MS / 1_000} s`, { timeout: 240_000 }, async () => {
    await fed.sendingWhile(() => killAndRestart(fed.cluster.store, STORE_OUTAGE_MS));
    await fed.expectExact();
  });

  test("Kafka killed and started again on its data", { timeout: 240_000 }, async () => {
    await fed.sendingWhile(async () => {
      await fed.killKafka();
      await fed.restartKafka();
    });
    await fed.expectExact();
  });

  test("datagrams that come twice or the wrong way round are rows once", { timeout: 180_000 }, async () => {
    const booked = async () => {
      const [counts] = await fed.cluster.sql<[string, string]>(`
        SELECT toString(sumIf(count, outcome = 'reordered')), toString(sumIf(count, reason = 'duplicate_datagram'))
        FROM ledger WHERE stage = 'receive'`);
      return (counts as string[]).map(Number) as [number, number];
    };
    // What several processes hand on to each other after a kill may come the wrong way round as well.
    const before = await booked();
    for (let i = 0; i < 50; i++) {
      await Promise.all(fed.senders.map((sender) => sender.sendReordered()));
      await Promise.all(fed.senders.map((sender) => sender.sendTwice()));
      await sleep(5);
    }
    await fed.expectExact();
    const after = await booked();
    expect(after.map((count, i) => count - (before[i] as number))).toEqual(Array(2).fill(50 * EXPORTERS.length));
  });

  test(`${RANDOM_KILLS} kills of anything at any moment (seed ${SEED})`, { timeout: 480_000 }, async () => {
    const random = new Random(SEED);
    const killed = new Set<number>();
    await fed.sendingWhile(async () => {
      for (let round = 0; round < RANDOM_KILLS; round++) {
        await sleep(random.below(1_500));
        const victim = random.below(fed.cluster.processes.length);
        const program = fed.cluster.processes[victim] as ProgramProcess;
        if (program === fed.cluster.query) {
          await fed.killKafka();
          await fed.restartKafka();
        } else await killAndRestart(program, random.below(500));
        if (victim < COLLECTORS) killed.add(victim);
      }
    });
    await fed.expectExact({ killed: [...killed] });
  });

  test("the store's page tells of the requests it answered", async () => {
    const [requests = 0] = await fed.cluster.figure(fed.cluster.store, "v6meter_sql_requests_total");
    expect(requests).toBeGreaterThan(0);
  });

  test("everything stops cleanly and has written what it had", { timeout: 120_000 }, async () => {
    await fed.sendingWhile(() => sleep(500));
    const codes = await fed.cluster.stop();
    expect(codes).toEqual(Object.fromEntries(fed.cluster.processes.map(({ name }) => [name, 0])));
  });
});
