import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type KafkaNode, kafkaIsThere, startKafka } from "@v6meter/kafka";
import { type BusConfig, Fault, TOPICS } from "@v6meter/schemas";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Bus, Consumer, Delivery } from "../port.ts";
import { openKafkaBus } from "./bus.ts";
import { createClient } from "./client.ts";
import { FoldedValues } from "./folded-record.ts";
import { ownPlace } from "./place.test-data.ts";

const FLOWS = TOPICS.flows.name;
const POSITIONS = TOPICS.positions.name;
const PATIENCE_MS = 120_000;
const LIMITS = { maxMessages: 3, maxBytes: 1_000_000, waitMs: 2_000 };

const message = (n: number) => ({ topic: FLOWS, key: `k${n % 16}`, value: Buffer.from(String(n)) });

/** Stores cuts by token until it holds `count` messages, as a classifier does. */
async function store(consumer: Consumer, stored: Map<string, Delivery>, done: () => boolean): Promise<void> {
  while (!done()) {
    const delivery = await consumer.receive(LIMITS);
    if (!delivery) continue;
    try {
      await consumer.begin(delivery);
      stored.set(delivery.token, delivery);
      await consumer.commit(delivery);
    } catch (error) {
      if (!(error instanceof Fault) || !["BUS_CUT_LOST", "BUS_UNREACHABLE"].includes(error.code)) throw error;
    }
  }
}

const numbers = (stored: Map<string, Delivery>) =>
  [...stored.values()].flatMap(({ messages }) => messages.map(({ value }) => Number(Buffer.from(value).toString())));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const sorted = (list: number[]) => list.toSorted((a, b) => a - b);

describe.runIf(kafkaIsThere())("on Kafka, when something fails", () => {
  let dataDir: string;
  let node: KafkaNode;
  let config: BusConfig;
  const open: Bus[] = [];
  const openBus = async (transactionalId?: string) => {
    const bus = await openKafkaBus({ config, ...(transactionalId && { transactionalId }) });
    open.push(bus);
    return bus;
  };
  const again = async () => {
    const port = Number(node.brokers[0]?.split(":")[1]);
    node = await startKafka({ dataDir, port });
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "v6meter-kafka-faults-"));
    node = await startKafka({ dataDir });
  }, 300_000);
  afterAll(async () => {
    await node?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(() => {
    config = ownPlace(node.brokers);
  });
  afterEach(() => Promise.all(open.splice(0).map((bus) => bus.stop())), PATIENCE_MS);

  test("a member that joins and one that leaves cost nothing and double nothing", {
    timeout: PATIENCE_MS,
  }, async () => {
    const bus = await openBus();
    const stored = new Map<string, Delivery>();
    const all = () => numbers(stored).length >= 300;
    const first = await bus.consumer({ topic: FLOWS, group: "group" });
    const storing = [store(first, stored, all)];
    await bus.publish(upTo(100).map(message));
    const second = await (await openBus()).consumer({ topic: FLOWS, group: "group" });
    let left = false;
    const bySecond = new Map<string, Delivery>();
    storing.push(store(second, bySecond, () => left));
    await bus.publish(upTo(200).slice(100).map(message));
    while (bySecond.size === 0) {
      await bus.publish([message(10_000)]);
      await sleep(200);
    }
    left = true;
    await storing[1];
    for (const [token, delivery] of bySecond) stored.set(token, delivery);
    await second.stop();
    await bus.publish(upTo(300).slice(200).map(message));
    const complete = () => numbers(stored).filter((n) => n < 300).length >= 300;
    storing.push(store(first, stored, complete));
    await Promise.all(storing);
    expect(sorted(numbers(stored).filter((n) => n < 300))).toEqual(upTo(300));
  });

  test("a member that hung finds its cut taken, and the cut has its token", { timeout: PATIENCE_MS }, async () => {
    const bus = await openBus();
    await bus.publish([message(0)]);
    const child = fork(join(import.meta.dirname, "zombie.test-process.ts"), [JSON.stringify(config)]);
    try {
      const [{ token }] = await once(child, "message");
      child.kill("SIGSTOP");
      const stored = new Map<string, Delivery>();
      const consumer = await bus.consumer({ topic: FLOWS, group: "group" });
      await store(consumer, stored, () => stored.size > 0);
      expect([...stored.keys()]).toEqual([token]);
      expect(stored.get(token)?.repeated).toBe(true);
      child.kill("SIGCONT");
      child.send("commit");
      const [{ code }] = await once(child, "message");
      expect(code).toBe("BUS_CUT_LOST");
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("a broker that dies amid publishing loses nothing and doubles nothing", { timeout: PATIENCE_MS }, async () => {
    const bus = await openBus("forwarder");
    let outages = 0;
    let at = 0;
    const publishing = (async () => {
      while (at < 400) {
        const next = at + 4;
        const position = { topic: POSITIONS, key: "spool/0", value: Buffer.from(JSON.stringify({ offset: next })) };
        try {
          await bus.publish([...upTo(next).slice(at).map(message), position]);
          at = next;
        } catch (error) {
          expect((error as Fault).code).toBe("BUS_UNREACHABLE");
          outages++;
          // Whether it was published is not known: the position that went along tells.
          for (let known = false; !known; ) {
            try {
              const value = (await bus.latest(POSITIONS)).get("spool/0");
              at = value ? JSON.parse(Buffer.from(value).toString()).offset : 0;
              known = true;
            } catch {
              await sleep(500);
            }
          }
        }
      }
    })();
    while (at < 40) await sleep(5);
    await node.kill();
    await again();
    await publishing;
    expect(outages).toBeGreaterThan(0);
    const stored = new Map<string, Delivery>();
    const consumer = await bus.consumer({ topic: FLOWS, group: "group" });
    await store(consumer, stored, () => numbers(stored).length >= 400);
    expect(await consumer.receive(LIMITS)).toBeNull();
    expect(sorted(numbers(stored))).toEqual(upTo(400));
  });

  /** As retention does: the messages of partition 0 before the offset are gone. */
  async function deleteBefore(offset: number): Promise<void> {
    const admin = createClient(config.kafka, new FoldedValues(), null).admin();
    await admin.connect();
    const topic = `${config.kafka.topic_prefix}${FLOWS}`;
    // The client asks the leader that it knows, and knows none before it was told of the topic.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    await admin.disconnect();
  }

  test.each([
    { says: "a position", begun: false },
    { says: "a cut that was begun", begun: true },
  ])(
    "$says that retention has deleted: the group goes on at the oldest message and counts what it missed",
    {
      timeout: PATIENCE_MS,
    },
    async ({ begun }) => {
      const bus = await openBus();
      await bus.publish(upTo(30).map((n) => ({ ...message(n), partition: 0 })));
      const first = await bus.consumer({ topic: FLOWS, group: "group" });
      const read = (await first.receive({ ...LIMITS, maxMessages: 5, waitMs: PATIENCE_MS })) as Delivery;
      await first.begin(read);
      await first.commit(read);
      const cut = (await first.receive({ ...LIMITS, maxMessages: 4, waitMs: PATIENCE_MS })) as Delivery;
      if (begun) await first.begin(cut);
      expect([read.lastOffset, cut.firstOffset, first.missed()]).toEqual([4, 5, 0]);
      await first.stop();
      await deleteBefore(12);

      const second = await bus.consumer({ topic: FLOWS, group: "group" });
      const stored = new Map<string, Delivery>();
      await store(second, stored, () => numbers(stored).length >= 18);
      expect(numbers(stored)).toEqual(upTo(30).slice(12));
      expect([...stored.values()].filter(({ repeated }) => repeated)).toEqual([]);
      while (second.missed() === 0) await sleep(50);
      expect(second.missed()).toBe(7);

      await bus.publish([{ ...message(30), partition: 0 }]);
      await store(second, stored, () => numbers(stored).length >= 19);
      expect(numbers(stored)).toEqual(upTo(31).slice(12));
      expect(second.missed()).toBe(7);
      await second.stop();
      // The next member begins where this one ended, and has missed nothing.
      const third = await bus.consumer({ topic: FLOWS, group: "group" });
      await bus.publish([{ ...message(31), partition: 0 }]);
      const last = await third.receive({ ...LIMITS, waitMs: PATIENCE_MS });
      expect(last?.messages.map(({ value }) => Number(Buffer.from(value).toString()))).toEqual([31]);
      expect(third.missed()).toBe(0);
    },
  );

  test("members and publishers go on after the broker was away for 20 seconds", { timeout: PATIENCE_MS }, async () => {
    const bus = await openBus();
    const stored = new Map<string, Delivery>();
    const consumer = await bus.consumer({ topic: FLOWS, group: "group" });
    const storing = store(consumer, stored, () => numbers(stored).length >= 20);
    await bus.publish(upTo(10).map(message));
    while (numbers(stored).length < 10) await sleep(50);
    await node.kill();
    await expect(bus.publish([message(10)])).rejects.toMatchObject({ code: "BUS_UNREACHABLE" });
    await sleep(20_000);
    await again();
    await bus.publish(upTo(20).slice(10).map(message));
    await storing;
    expect(sorted(numbers(stored))).toEqual(upTo(20));
  });
});
