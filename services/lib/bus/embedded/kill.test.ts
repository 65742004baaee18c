import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "@v6meter/random";
import { TOPICS } from "@v6meter/schemas";
import { expect, test } from "vitest";
import type { Bus, Consumer, Message } from "../port.ts";
import { openEmbeddedBus } from "./bus.ts";
import { testFolder } from "./folder.test-data.ts";

const TOPIC = TOPICS.flows.name;
const openBus = (path: string) => openEmbeddedBus({ path, partitions: 4, maxBytes: 500_000_000 });

/** Starts a script of this folder; its lines are handed over one by one. */
function start(script: string, args: string[], line: (text: string) => void) {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk));
  createInterface({ input: child.stdout }).on("line", line);
  return {
    child,
    async kill() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
      expect(errors).toBe("");
    },
  };
}

interface Seen {
  partition: number;
  message: Message;
}

/** Commits everything that is there. */
async function drain(consumer: Consumer, seen: Seen[]): Promise<void> {
  for (;;) {
    const delivery = await consumer.receive({ maxMessages: 1_000, maxBytes: 5_000_000, waitMs: 0 });
    if (!delivery) return;
    for (const message of delivery.messages) seen.push({ partition: delivery.partition, message });
    await consumer.begin(delivery);
    await consumer.commit(delivery);
  }
}

const nameOf = ({ value }: Message) => Buffer.from(value).toString("latin1").split("\0")[0] as string;

test("a publisher killed at any moment loses nothing acknowledged, repeats nothing and publishes no half", async () => {
  const path = join(testFolder(), "bus");
  const random = new Random(20_261_124);
  const acknowledged: string[] = [];
  const seen: Seen[] = [];
  for (let round = 0; round < 16; round++) {
    // In half of the rounds this process has the bus open as the other one dies.
    const living: Bus | null = round % 2 === 1 ? await openBus(path) : null;
    let acks = 0;
    const publisher = start("publisher.test-process.ts", [path, String(round)], (n) => {
      acknowledged.push(`${round}:${n}`);
      acks++;
    });
    // In the first rounds it may be killed as it makes the bus.
    const acksBefore = round < 4 ? 0 : 1 + random.below(40);
    if (acksBefore === 0) await sleep(random.below(400));
    while (acks < acksBefore) await sleep(1);
    await publisher.kill();

    const bus = living ?? (await openBus(path));
    const consumer = await bus.consumer({ topic: TOPIC, group: "g" });
    await drain(consumer, seen);
    const state = (await bus.latest(TOPICS.exporters.name)).get("last");
    const lastAcknowledged = acknowledged.findLast((name) => name.startsWith(`${round}:`));
    if (lastAcknowledged) {
      const [, published] = Buffer.from(state as Uint8Array)
        .toString()
        .split(":");
      expect(Number(published)).toBeGreaterThanOrEqual(Number(lastAcknowledged.split(":")[1]) - 1);
    }
    await bus.stop();
  }

  // What is counted as held is what is held: the state of the compacted topic.
  const bus = await openBus(path);
  await bus.consumer({ topic: TOPIC, group: "g" });
  while (((await bus.usage())?.messages ?? 0) > 1) await sleep(5);
  const held = (await bus.latest(TOPICS.exporters.name)).get("last")?.length;
  expect(await bus.usage())?.toMatchObject({ bytes: held, messages: 1 });
  await bus.stop();

  expect(acknowledged.length).toBeGreaterThan(50);
  const keysOf = new Map<string, string[]>();
  for (const { message } of seen) keysOf.set(nameOf(message), [...(keysOf.get(nameOf(message)) ?? []), message.key]);
  for (const name of acknowledged) expect(keysOf.has(name), name).toBe(true);
  for (const [name, keys] of keysOf) expect([name, ...keys.toSorted()]).toEqual([name, "a", "b", "c"]);
  for (let partition = 0; partition < 4; partition++) {
    const offsets = seen.filter((one) => one.partition === partition).map(({ message }) => message.offset);
    expect(offsets).toEqual(offsets.map((_, i) => i));
  }
  for (const key of ["a", "b", "c"]) {
    const order = seen
      .filter(({ message }) => message.key === key)
      .map(({ message }) => nameOf(message).split(":").map(Number));
    expect(order).toEqual(order.toSorted(([r = 0, n = 0], [s = 0, m = 0]) => r - s || n - m));
  }
});

test("a consumer killed behind begin is followed by the same cut, behind commit by the next", async () => {
  const path = join(testFolder(), "bus");
  await once(start("publisher.test-process.ts", [path, "0", "6"], () => {}).child, "close");

  const takeCut = async (step: string) => {
    let cut: { token: string; firstOffset: number; repeated: boolean; values: string[] } | undefined;
    const consumer = start("consumer.test-process.ts", [path, step], (line) => {
      cut = JSON.parse(line);
    });
    while (!cut && consumer.child.exitCode === null) await sleep(1);
    await consumer.kill();
    if (!cut) throw new Error("the consumer ended before it had a cut");
    return cut;
  };

  const received = await takeCut("received");
  const begun = await takeCut("begun");
  expect(received).toMatchObject({ repeated: false, token: begun.token });
  for (const step of ["begun", "received", "begun", "committed"]) {
    const again = await takeCut(step);
    expect(again).toEqual({ ...begun, repeated: true });
  }
  const next = await takeCut("committed");
  expect(next.repeated).toBe(false);
  expect(next.token).not.toBe(begun.token);
});

test("of several publishers at once one is killed again and again: the others go on, nothing is lost or twice", async () => {
  const path = join(testFolder(), "bus");
  const random = new Random(7);
  const bus = await openBus(path);
  const consumer = await bus.consumer({ topic: TOPIC, group: "g" });
  const acknowledged = new Map<string, number>();
  const keysOf = new Map<string, string[]>();
  const offsets = Array.from({ length: bus.partitions }, () => [] as number[]);
  const take = async (waitMs: number) => {
    const delivery = await consumer.receive({ maxMessages: 1_000, maxBytes: 5_000_000, waitMs });
    if (!delivery) return false;
    for (const message of delivery.messages) {
      keysOf.set(nameOf(message), [...(keysOf.get(nameOf(message)) ?? []), message.key]);
      offsets[delivery.partition]?.push(message.offset);
    }
    await consumer.begin(delivery);
    await consumer.commit(delivery);
    return true;
  };
  const publisher = (round: string) => {
    acknowledged.set(round, 0);
    return start("publisher.test-process.ts", [path, round], (n) => acknowledged.set(round, Number(n) + 1));
  };
  const untilMore = async (round: string, more: number) => {
    const wanted = (acknowledged.get(round) as number) + more;
    while ((acknowledged.get(round) as number) < wanted) await take(5);
  };
  const steady = ["left", "right"];
  const others = steady.map(publisher);
  for (let round = 0; round < 6; round++) {
    const victim = publisher(`victim ${round}`);
    await untilMore(`victim ${round}`, 1 + random.below(20));
    await victim.kill();
    // Who was not killed is not kept waiting by a transaction the dead one left open.
    for (const name of steady) await untilMore(name, 1);
  }
  for (const other of others) await other.kill();
  while (await take(0));
  for (const [round, count] of acknowledged) {
    for (let n = 0; n < count; n++) expect(keysOf.has(`${round}:${n}`), `${round}:${n}`).toBe(true);
  }
  for (const [name, keys] of keysOf) expect([name, ...keys.toSorted()]).toEqual([name, "a", "b", "c"]);
  for (const of of offsets) expect(of).toEqual(of.map((_, i) => i));
  await bus.stop();
});
