import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";
import { decodeFlows, encodeFlowsStream } from "@v6meter/batch";
import { type Bus, type Message, openEmbeddedBus } from "@v6meter/bus";
import { Random } from "@v6meter/random";
import { createLogger } from "@v6meter/runtime";
import { createFlowBatch, Fault, getU64, setU64, TOPICS } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createForwarder, type Forwarder } from "./forwarder.ts";

const PARTITIONS = 4;
const MAX_BYTES = 500_000_000;
const FLOWS = TOPICS.flows.name;

let folder: string;
const opened: Bus[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-forwarder-"));
});
afterEach(async () => {
  for (const bus of opened.splice(0)) await bus.stop();
  rmSync(folder, { recursive: true });
});

async function open(name: string, partitions = PARTITIONS): Promise<Bus> {
  const bus = await openEmbeddedBus({ path: join(folder, name), partitions, maxBytes: MAX_BYTES });
  opened.push(bus);
  return bus;
}

/** The bus as a network makes it: `before` may throw or wait, and so may `after`, when all of it is published. */
function across(bus: Bus, { before = async () => {}, after = async () => {}, latest = async () => {} }): Bus {
  return {
    partitions: bus.partitions,
    busId: bus.busId,
    maxMessageBytes: bus.maxMessageBytes,
    publish: async (messages) => {
      await before();
      await bus.publish(messages);
      await after();
    },
    latest: async (topic) => {
      await latest();
      return bus.latest(topic);
    },
    consumer: (options) => bus.consumer(options),
    follow: (options) => bus.follow(options),
    usage: () => bus.usage(),
    stop: () => bus.stop(),
  };
}

const unreachable = () => new Fault("BUS_UNREACHABLE", "The broker is away.");

const exits: Error[] = [];
beforeEach(() => {
  exits.length = 0;
});
function forwarderOf(spool: Bus, bus: Bus, logger = createLogger("silent", "test")): Forwarder {
  return createForwarder({ spool, bus, logger, onExit: (error) => exits.push(error) });
}

/** Publishes `count` messages named by their number, each partition in turn. */
async function publish(spool: Bus, first: number, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  await spool.publish(
    numbers.map((n) => ({
      topic: FLOWS,
      key: `shard-${n % PARTITIONS}`,
      value: Buffer.from(`${n}`),
      partition: n % PARTITIONS,
      headers: { n: `${n}` },
    })),
  );
}

/** Every message of a bus, by partition. */
async function everything(bus: Bus): Promise<Message[][]> {
  const consumer = await bus.consumer({ topic: FLOWS, group: "reader" });
  const read: Message[][] = Array.from({ length: bus.partitions }, () => []);
  for (;;) {
    const delivery = await consumer.receive({ maxMessages: 1_000, maxBytes: 50_000_000, waitMs: 0 });
    if (!delivery) break;
    read[delivery.partition]?.push(...delivery.messages);
    await consumer.begin(delivery);
    await consumer.commit(delivery);
  }
  await consumer.stop();
  return read;
}

const textOf = ({ value }: Message) => Buffer.from(value).toString();

/** Numbers below `count` as they must be on the bus: each once, in the order of their partition. */
const expectedOf = (count: number) =>
  Array.from({ length: PARTITIONS }, (_, partition) =>
    Array.from({ length: count }, (_, n) => n)
      .filter((n) => n % PARTITIONS === partition)
      .map(String),
  );

const textsOf = async (bus: Bus) => (await everything(bus)).map((messages) => messages.map(textOf));

const left = async (forwarder: Forwarder) => (await forwarder.lag()).reduce((sum, { messages }) => sum + messages, 0);

async function forwarded(forwarder: Forwarder): Promise<void> {
  while ((await left(forwarder)) > 0 && exits.length === 0) await sleep(2);
  expect(exits).toEqual([]);
}

test("messages of all partitions keep partition, order, key and headers, and go in few publishes", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  await publish(spool, 0, 400);
  const forwarder = forwarderOf(spool, bus);
  await forwarder.start();
  await forwarded(forwarder);
  await forwarder.stop();
  const read = await everything(bus);
  expect(read.map((messages) => messages.map(textOf))).toEqual(expectedOf(400));
  for (const [partition, messages] of read.entries()) {
    expect(new Set(messages.map(({ key }) => key))).toEqual(new Set([`shard-${partition}`]));
    expect(messages.map(({ headers }) => headers)).toEqual(messages.map((message) => ({ n: textOf(message) })));
  }
  const bytes = read.flat().reduce((sum, { value }) => sum + value.length, 0);
  expect(forwarder.counts()).toEqual({
    publishes: 1,
    messages: 400,
    bytes,
    retries: 0,
    positionsSkipped: 0,
    dividedMessages: 0,
    droppedMessages: 0,
    droppedBytes: 0,
  });
});

test("folded messages are handed on as they are", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  const content = Buffer.alloc(100_000, "flows");
  const value = zstdCompressSync(content);
  const folded = { topic: FLOWS, key: "shard-1", value, contentBytes: content.length, partition: 1 };
  await spool.publish([folded, { topic: FLOWS, key: "shard-1", value: content.subarray(1), partition: 1 }]);
  const forwarder = forwarderOf(spool, bus);
  await forwarder.start();
  await forwarded(forwarder);
  await forwarder.stop();
  const consumer = await bus.consumer({ topic: FLOWS, group: "as it is", folded: true });
  const delivery = await consumer.receive({ maxMessages: 10, maxBytes: 1e9, waitMs: 0 });
  expect(delivery?.messages.map(({ contentBytes }) => contentBytes)).toEqual([100_000, undefined]);
  expect(value.equals(delivery?.messages[0]?.value as Uint8Array)).toBe(true);
  expect((await textsOf(bus))[1]).toEqual([`${content}`, `${content.subarray(1)}`]);
});

test("values that come through memory used again are those of the spool", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  const random = new Random(20_261_125);
  const values = Array.from({ length: 30 }, () => Buffer.from(random.bytes(400_000 + random.below(400_000))));
  const forwarder = forwarderOf(spool, bus);
  await forwarder.start();
  for (const value of values) await spool.publish([{ topic: FLOWS, key: "shard-1", value, partition: 1 }]);
  await forwarded(forwarder);
  await forwarder.stop();
  expect(forwarder.counts().publishes).toBeGreaterThan(1);
  const consumer = await bus.consumer({ topic: FLOWS, group: "reader" });
  const delivery = await consumer.receive({ maxMessages: 100, maxBytes: 1e9, waitMs: 0 });
  expect(delivery?.messages.map(({ value }) => value.length)).toEqual(values.map(({ length }) => length));
  for (const [i, { value }] of (delivery?.messages ?? []).entries()) expect(values[i]?.equals(value)).toBe(true);
});

test("what is in the spool at a stop is forwarded before it returns", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  const forwarder = forwarderOf(spool, bus);
  await forwarder.start();
  await publish(spool, 0, 40);
  await forwarder.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(40));
});

test("publishes that fail before or behind their commit are tried again, and each message is published once", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  const random = new Random(20_261_125);
  const failures = { before: 0, after: 0, latest: 0 };
  const fail = (where: keyof typeof failures) => async () => {
    if (random.below(3) > 0) return;
    failures[where]++;
    throw unreachable();
  };
  const flaky = across(bus, { before: fail("before"), after: fail("after"), latest: fail("latest") });
  const forwarder = forwarderOf(spool, flaky);
  await forwarder.start();
  let published = 0;
  while (failures.before < 3 || failures.after < 3 || failures.latest < 3) {
    await publish(spool, published, 20);
    published += 20;
    await forwarded(forwarder);
  }
  await forwarder.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(published));
  const { messages, positionsSkipped, retries } = forwarder.counts();
  expect(messages + positionsSkipped).toBe(published);
  expect(positionsSkipped).toBeGreaterThan(0);
  expect(retries).toBe(failures.before + failures.after + failures.latest);
});

test("an outage is told once, shows as trouble until it is over, and everything comes through behind it", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  let away = false;
  const logger = createLogger("silent", "test");
  const warnings: unknown[] = [];
  logger.warn = ((...args: unknown[]) => warnings.push(args)) as typeof logger.warn;
  const before = async () => {
    if (away) throw unreachable();
  };
  const forwarder = forwarderOf(spool, across(bus, { before }), logger);
  await forwarder.start();
  for (let outage = 1; outage <= 2; outage++) {
    away = true;
    await publish(spool, (outage - 1) * 8, 8);
    const retries = forwarder.counts().retries;
    while (forwarder.counts().retries < retries + 3) await sleep(5);
    expect(forwarder.trouble()).toBe("The broker is away.");
    expect(warnings).toHaveLength(outage);
    away = false;
    await forwarded(forwarder);
    while (forwarder.trouble() !== null) await sleep(1);
  }
  await forwarder.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(16));
});

test("a stop while the bus is away leaves the rest in the spool, and the next one forwards it", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  await publish(spool, 0, 12);
  const before = async () => {
    throw unreachable();
  };
  const first = forwarderOf(spool, across(bus, { before }));
  await first.start();
  while (first.counts().retries === 0) await sleep(1);
  await first.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(0));
  const second = forwarderOf(spool, bus);
  await second.start();
  await forwarded(second);
  await second.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(12));
});

test("what an earlier process published and did not commit in the spool is left out by the next one", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  await publish(spool, 0, 12);
  const published = Promise.withResolvers<void>();
  const after = async () => {
    published.resolve();
    await new Promise(() => {});
  };
  // It never hears of its publish, as a process that dies there.
  await forwarderOf(spool, across(bus, { after })).start();
  await published.promise;
  await publish(spool, 12, 4);
  const next = forwarderOf(spool, bus);
  await next.start();
  await forwarded(next);
  await next.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(16));
  expect(next.counts()).toMatchObject({ messages: 4, positionsSkipped: 12 });
});

/** The bus with a smaller limit, which tells of it as Kafka does: all beside the large one is refused with it. */
function narrow(bus: Bus, maxBytes: number): Bus {
  return {
    ...across(bus, {}),
    publish: async (messages) => {
      if (messages.some(({ value, contentBytes }) => (contentBytes ?? value?.length ?? 0) > maxBytes))
        throw new Fault("BUS_MESSAGE_LARGE");
      await bus.publish(messages);
    },
  };
}

test("a message that is too large and cannot be divided is dropped and counted alone", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  await publish(spool, 0, 8);
  await spool.publish([{ topic: FLOWS, key: "shard-0", value: new Uint8Array(2_000), partition: 0 }]);
  await publish(spool, 8, 8);
  const forwarder = forwarderOf(spool, narrow(bus, 1_000));
  await forwarder.start();
  await forwarded(forwarder);
  await forwarder.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(16));
  expect(forwarder.counts()).toMatchObject({ messages: 16, droppedMessages: 1, droppedBytes: 2_000, retries: 0 });
});

test.each([false, true])(
  "a message of flows that is too large (folded: %s) goes in parts, with all its rows in order and its books once",
  async (folded) => {
    const [spool, bus] = [await open("spool"), await open("bus")];
    const ROWS = [1_500, 0, 301];
    let next = 0;
    const batches = ROWS.map((rows) => {
      const batch = createFlowBatch(rows);
      batch.rows = rows;
      for (let row = 0; row < rows; row++) {
        setU64(batch.columns.bytes, row, next);
        batch.columns.protocol[row] = next % 251;
        batch.columns.src_addr.fill(next % 256, row * 16, row * 16 + 16);
        next++;
      }
      return batch;
    });
    const ledger = Array.from({ length: 300 }, (_, i) => ({
      exporter: `192.0.2.${i}`,
      stage: "publish" as const,
      outcome: "received" as const,
      reason: "",
      count: i + 1,
    }));
    const value = encodeFlowsStream(batches, { stage: "decode", books: { ledger, exporters: [] } });
    const as = folded ? { value: zstdCompressSync(value), contentBytes: value.length } : { value };
    await spool.publish([{ topic: FLOWS, key: "shard-2", ...as, partition: 2, headers: { a: "b" } }]);
    const MAX_BYTES = 12_000;
    expect(value.length).toBeGreaterThan(8 * MAX_BYTES);
    const forwarder = forwarderOf(spool, narrow(bus, MAX_BYTES));
    await forwarder.start();
    await forwarded(forwarder);
    await forwarder.stop();
    expect(forwarder.counts()).toMatchObject({ publishes: 1, messages: 1, dividedMessages: 1, droppedMessages: 0 });
    const messages = (await everything(bus))[2] as Message[];
    expect(messages.length).toBeGreaterThan(8);
    const read = messages.map((message) => decodeFlows(message.value));
    expect(read.flatMap(({ books }) => books.ledger)).toEqual(ledger);
    const rows = read
      .flatMap((it) => it.batches)
      .flatMap(({ rows: count, columns }) =>
        Array.from({ length: count }, (_, row) => [
          getU64(columns.bytes, row),
          columns.protocol[row],
          columns.src_addr[row * 16],
          columns.src_addr[row * 16 + 15],
        ]),
      );
    expect(rows).toEqual(Array.from({ length: next }, (_, n) => [n, n % 251, n % 256, n % 256]));
    for (const { key, headers } of messages) expect({ key, headers }).toEqual({ key: "shard-2", headers: { a: "b" } });
  },
);

test("a bus of another number of partitions is refused at the start, with both numbers", async () => {
  const forwarder = forwarderOf(await open("spool"), await open("bus", 3));
  await expect(forwarder.start()).rejects.toMatchObject({
    code: "BUS_INVALID",
    message: expect.stringMatching(/has 4 partitions .* has 3;/),
  });
});

test("a spool that is an older copy of itself is refused: its new messages would be taken for published", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  await publish(spool, 0, 8);
  const position = { topic: TOPICS.positions.name, key: `${spool.busId}/3`, value: Buffer.from('{"offset":2}') };
  await bus.publish([position]);
  const forwarder = forwarderOf(spool, bus);
  await forwarder.start();
  while (exits.length === 0) await sleep(1);
  expect(exits[0]).toMatchObject({ code: "BUS_INVALID", message: expect.stringContaining("older copy") });
  await expect(forwarder.stop()).rejects.toBe(exits[0]);
  expect(await textsOf(bus)).toEqual(expectedOf(0));
});

test("a position that cannot be read is told, not taken for the beginning", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  await publish(spool, 0, 8);
  await bus.publish([{ topic: TOPICS.positions.name, key: `${spool.busId}/0`, value: Buffer.from("seven") }]);
  const forwarder = forwarderOf(spool, bus);
  await forwarder.start();
  while (exits.length === 0) await sleep(1);
  expect(exits[0]).toMatchObject({ code: "BUS_INVALID", message: expect.stringContaining("is seven; allowed") });
  await expect(forwarder.stop()).rejects.toBe(exits[0]);
  expect(await textsOf(bus)).toEqual(expectedOf(0));
});

test("a second forwarder of the spool ends the first one, and each message is published once", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  const first = forwarderOf(spool, bus);
  await first.start();
  await publish(spool, 0, 8);
  await forwarded(first);
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await first.stop();

  const slow = forwarderOf(
    spool,
    across(bus, {
      after: async () => {
        held.resolve();
        await release.promise;
      },
    }),
  );
  await slow.start();
  await publish(spool, 8, 8);
  await held.promise;
  const second = forwarderOf(spool, bus);
  await second.start();
  release.resolve();
  while (exits.length === 0) await sleep(1);
  expect(exits[0]).toMatchObject({ code: "BUS_CUT_LOST" });
  exits.length = 0;
  await forwarded(second);
  await second.stop();
  await expect(slow.stop()).rejects.toMatchObject({ code: "BUS_CUT_LOST" });
  expect(await textsOf(bus)).toEqual(expectedOf(16));
});

test("a forwarder killed at any moment loses nothing and publishes nothing twice", async () => {
  const [spool, bus] = [await open("spool"), await open("bus")];
  const random = new Random(20_261_126);
  const script = join(import.meta.dirname, "forwarder.test-process.ts");
  let published = 0;
  let forwardedBefore = 0;
  let killedInTheMiddle = 0;
  const heldBy = async (it: Bus) => (await it.usage())?.messages ?? 0;
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [script, join(folder, "spool"), join(folder, "bus")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "close");
    await once(child.stdout, "data");
    const publishes = 1 + random.below(30);
    for (let i = 0; i < publishes; i++, published += 20) await publish(spool, published, 20);
    // Nothing reads the bus before the end: what it holds is what was forwarded, and a position of each partition.
    while ((await heldBy(bus)) <= forwardedBefore) await sleep(1);
    child.kill("SIGKILL");
    await ended;
    forwardedBefore = await heldBy(bus);
    if (forwardedBefore < published + PARTITIONS) killedInTheMiddle++;
  }
  expect(killedInTheMiddle).toBeGreaterThan(2);
  const last = forwarderOf(spool, bus);
  await last.start();
  await forwarded(last);
  await last.stop();
  expect(await textsOf(bus)).toEqual(expectedOf(published));
}, 60_000);
