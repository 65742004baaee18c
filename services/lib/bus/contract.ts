import { zstdCompressSync } from "node:zlib";
import { Fault, TOPICS } from "@v6meter/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bus, Consumer, Delivery, Message, OutgoingMessage } from "./port.ts";

/** A place where one bus lives: opened again, the same messages and positions are there. */
export interface BusPlace {
  /** Opens the bus; more than one may be open at once, as by several processes. */
  open(options?: { maxBytes?: number }): Promise<Bus>;
  /** Deletes what the place holds. */
  remove(): Promise<void>;
}

/** In what adapters may differ. */
export interface BusTraits {
  /** It has a bound of its own and refuses by BUS_FULL beyond it. */
  readonly bounded: boolean;
  /** Its lag counts messages, and not offsets that hold none. */
  readonly exactLag: boolean;
}

const TOPIC = TOPICS.flows.name;
const COMPACTED = TOPICS.exporters.name;

/** How long a message may take from `publish` to `receive`, at most; servers take their time. */
const VISIBLE_WITHIN_MS = 10_000;
/** How long nothing must come for the tests to believe that nothing will. */
const SILENCE_MS = 500;

const LIMITS = { maxMessages: 1_000, maxBytes: 100_000_000, waitMs: VISIBLE_WITHIN_MS };

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (message: Message) => new TextDecoder().decode(message.value);
const message = (key: string, value: string): OutgoingMessage => ({ topic: TOPIC, key, value: bytes(value) });

async function faultCode(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  return (error as Fault).code;
}

async function receive(consumer: Consumer, limits = {}): Promise<Delivery> {
  const delivery = await consumer.receive({ ...LIMITS, ...limits });
  if (!delivery) throw new Error("no delivery came in time");
  return delivery;
}

/** Receives and commits until `count` messages came; fails where more come than that. */
async function drain(consumer: Consumer, count: number): Promise<{ partition: number; message: Message }[]> {
  const seen: { partition: number; message: Message }[] = [];
  while (seen.length < count) {
    const delivery = await receive(consumer);
    for (const received of delivery.messages) seen.push({ partition: delivery.partition, message: received });
    await consumer.begin(delivery);
    await consumer.commit(delivery);
  }
  expect(seen.length).toBe(count);
  return seen;
}

/** The next cut, begun; a member that loses one while its group changes is given it again. */
async function begun(consumer: Consumer): Promise<Delivery> {
  for (;;) {
    const delivery = await receive(consumer);
    try {
      await consumer.begin(delivery);
      return delivery;
    } catch (error) {
      if (!(error instanceof Fault && error.code === "BUS_CUT_LOST")) throw error;
    }
  }
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + VISIBLE_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error("it did not come to hold in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * What every adapter of the bus must do, as a vitest suite. `place` makes an empty place for each test.
 * Nothing here asks how soon a message is seen or to which partition a key goes.
 */
export function busContract(name: string, place: () => Promise<BusPlace>, traits: BusTraits): void {
  const { bounded, exactLag } = traits;
  // A claim that is not this adapter's is not there, rather than skipped.
  const testIf = (claimed: boolean): typeof test => (claimed ? test : ((() => {}) as unknown as typeof test));
  describe(`${name} keeps the contract of the bus`, () => {
    let here: BusPlace;
    let bus: Bus;
    const others: Bus[] = [];

    const open = async (options?: { maxBytes?: number }) => {
      const opened = await here.open(options);
      others.push(opened);
      return opened;
    };
    const join = (at = bus, group = "group") => at.consumer({ topic: TOPIC, group });

    beforeEach(async () => {
      here = await place();
      bus = await open();
    });
    afterEach(async () => {
      await Promise.all(others.splice(0).map((opened) => opened.stop()));
      await here.remove();
    });

    test("a message arrives as it was published", async () => {
      const value = Uint8Array.from({ length: 256 }, (_, i) => i);
      const before = Date.now();
      await bus.publish([{ topic: TOPIC, key: "沈阳", value }]);
      const { messages } = await receive(await join());
      expect(messages.map(({ key }) => key)).toEqual(["沈阳"]);
      expect(Array.from(messages[0]?.value ?? [])).toEqual(Array.from(value));
      expect(messages[0]?.publishedAtMs).toBeGreaterThanOrEqual(before - 1_000);
      expect(messages[0]?.publishedAtMs).toBeLessThanOrEqual(Date.now() + 1_000);
    });

    test("an empty value and one of a megabyte arrive", async () => {
      const large = new Uint8Array(1_000_000).map((_, i) => i % 251);
      await bus.publish([
        { topic: TOPIC, key: "a", value: new Uint8Array(0) },
        { topic: TOPIC, key: "a", value: large },
      ]);
      const seen = await drain(await join(), 2);
      expect(seen.map(({ message }) => message.value.length)).toEqual([0, 1_000_000]);
      expect(Buffer.compare(seen[1]?.message.value as Uint8Array, large)).toBe(0);
    });

    test("a folded message arrives unfolded, in its place between others, with key and headers", async () => {
      const contents = Array.from({ length: 3 }, (_, n) => new Uint8Array(400_000).map((_, i) => (i % 251) * n));
      const folded = contents.map((content, n) => ({
        topic: TOPIC,
        key: "a",
        value: zstdCompressSync(content),
        contentBytes: content.length,
        headers: { n: `${n}` },
      }));
      await bus.publish([...folded.slice(0, 2), message("a", "whole"), folded[2] as OutgoingMessage]);
      const seen = await drain(await join(), 4);
      expect(seen.map(({ message }) => message.headers.n)).toEqual(["0", "1", undefined, "2"]);
      const values = seen.map(({ message }) => Buffer.from(message.value));
      expect(values[2]?.toString()).toBe("whole");
      for (const [i, n] of [0, 1, 3].entries()) expect(values[n]?.equals(contents[i] as Uint8Array)).toBe(true);
      expect(seen.some(({ message }) => "contentBytes" in message)).toBe(false);
    });

    test("a value that is said to be folded and is no zstd frame is refused, and all beside it", async () => {
      const wrong = { ...message("a", "not folded"), contentBytes: 100 };
      await expect(bus.publish([message("a", "beside"), wrong])).rejects.toBeInstanceOf(TypeError);
      expect(await (await join()).receive({ ...LIMITS, waitMs: SILENCE_MS })).toBeNull();
    });

    test("headers arrive beside the value", async () => {
      await bus.publish([{ ...message("a", "1"), headers: { reason: "损坏", place: "1/2" } }, message("a", "2")]);
      const { messages } = await receive(await join());
      expect(messages.map(({ headers }) => headers)).toEqual([{ reason: "损坏", place: "1/2" }, {}]);
    });

    test("a message goes to the partition that is named, and every partition can be named", async () => {
      const last = bus.partitions - 1;
      await bus.publish([
        { ...message("a", "first"), partition: 0 },
        { ...message("a", "last"), partition: last },
      ]);
      const seen = await drain(await join(), 2);
      expect(seen.map(({ partition, message }) => [partition, text(message)]).sort()).toEqual([
        [0, "first"],
        [last, "last"],
      ]);
      await expect(bus.publish([{ ...message("a", "none"), partition: last + 1 }])).rejects.toBeInstanceOf(TypeError);
    });

    test("publishing nothing is allowed", async () => {
      await bus.publish([]);
      expect(await (await join()).receive({ ...LIMITS, waitMs: SILENCE_MS })).toBeNull();
    });

    test("messages of one key stay in one partition and in order, and every message comes once", async () => {
      const keys = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`);
      const published = Array.from({ length: 10 }, (_, round) => keys.map((key) => message(key, String(round))));
      await Promise.all(published.map((messages) => bus.publish(messages)));
      const seen = await drain(await join(), 200);
      for (const key of keys) {
        const ofKey = seen.filter(({ message }) => message.key === key);
        expect(ofKey.map(({ message }) => text(message))).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1);
      }
      const partitions = new Set(seen.map(({ partition }) => partition));
      expect(Math.max(...partitions)).toBeLessThan(bus.partitions);
      for (const of of partitions) {
        const offsets = seen.filter(({ partition }) => partition === of).map(({ message }) => message.offset);
        expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      }
    });

    test("a delivery keeps to the limits, but holds one message at least", async () => {
      await bus.publish(Array.from({ length: 10 }, (_, i) => message("a", `${i}`.repeat(100))));
      const consumer = await join();
      const few = await receive(consumer, { maxMessages: 3 });
      expect(few.messages.map(text).map((value) => value[0])).toEqual(["0", "1", "2"]);
      await consumer.commit(few);
      const small = await receive(consumer, { maxBytes: 250 });
      expect(small.messages.length).toBe(2);
      await consumer.commit(small);
      const over = await receive(consumer, { maxBytes: 1 });
      expect(over.messages.length).toBe(1);
      expect([over.firstOffset, over.lastOffset]).toEqual([over.messages[0]?.offset, over.messages[0]?.offset]);
    });

    test("a message published while a consumer waits wakes it", async () => {
      const delivery = receive(await join());
      await bus.publish([message("a", "late")]);
      expect((await delivery).messages.map(text)).toEqual(["late"]);
    });

    test("waiting ends with null when the time is over, the signal is aborted or the consumer stops", async () => {
      const consumer = await join();
      expect(await consumer.receive({ ...LIMITS, waitMs: SILENCE_MS })).toBeNull();
      const abort = new AbortController();
      const aborted = consumer.receive({ ...LIMITS, waitMs: 60_000, signal: abort.signal });
      abort.abort();
      expect(await aborted).toBeNull();
      const stopped = consumer.receive({ ...LIMITS, waitMs: 60_000 });
      await consumer.stop();
      expect(await stopped).toBeNull();
    });

    test("no more of a partition is delivered before the delivery is committed", async () => {
      await bus.publish([message("a", "1"), message("a", "2")]);
      const consumer = await join();
      const first = await receive(consumer, { maxMessages: 1 });
      expect(await consumer.receive({ ...LIMITS, waitMs: SILENCE_MS })).toBeNull();
      await consumer.commit(first);
      expect((await receive(consumer)).messages.map(text)).toEqual(["2"]);
    });

    test("a consumer that joins again goes on behind what was committed", async () => {
      await bus.publish([message("a", "1"), message("a", "2")]);
      const before = await join();
      const delivery = await receive(before, { maxMessages: 1 });
      await before.begin(delivery);
      await before.commit(delivery);
      await before.stop();
      const again = await receive(await join());
      expect(again.messages.map(text)).toEqual(["2"]);
      expect(again.repeated).toBe(false);
    });

    test("what was received and not begun is delivered again, together with what came since", async () => {
      await bus.publish([message("a", "1")]);
      const before = await join();
      await receive(before);
      await before.stop();
      await bus.publish([message("a", "2")]);
      const again = await receive(await join());
      expect(again.messages.map(text)).toEqual(["1", "2"]);
      expect(again.repeated).toBe(false);
    });

    test("a cut that was begun is repeated as it was, with its token, before anything else", async () => {
      await bus.publish([message("a", "1"), message("a", "2"), message("a", "3")]);
      const before = await join();
      const begun = await receive(before, { maxMessages: 2 });
      expect(begun.repeated).toBe(false);
      await before.begin(begun);
      await bus.stop();

      bus = await open();
      await bus.publish([message("a", "4")]);
      const consumer = await join();
      const again = await receive(consumer, { maxMessages: 1, maxBytes: 1 });
      expect(again).toMatchObject({ token: begun.token, partition: begun.partition, repeated: true });
      expect([again.firstOffset, again.lastOffset]).toEqual([begun.firstOffset, begun.lastOffset]);
      expect(again.messages.map(text)).toEqual(["1", "2"]);
      await consumer.begin(again);
      await consumer.commit(again);
      const rest = await receive(consumer);
      expect(rest.messages.map(text)).toEqual(["3", "4"]);
      expect(rest.repeated).toBe(false);
      expect(rest.token).not.toBe(begun.token);
    });

    test("a second commit of a delivery changes nothing", async () => {
      await bus.publish([message("a", "1"), message("a", "2")]);
      const consumer = await join();
      const delivery = await receive(consumer, { maxMessages: 1 });
      await consumer.begin(delivery);
      await consumer.commit(delivery);
      await consumer.commit(delivery);
      expect((await receive(consumer)).messages.map(text)).toEqual(["2"]);
    });

    test("a member whose partitions went to another neither begins nor commits", async () => {
      await bus.publish([message("a", "1")]);
      const before = await join();
      const lost = await receive(before);
      const after = await join(await open());
      // Servers end a member that is silent; one that hangs must find the way back barred as well.
      await before.stop();
      const taken = await begun(after);
      expect(await faultCode(before.begin(lost))).toBe("BUS_CUT_LOST");
      expect(await faultCode(before.commit(lost))).toBe("BUS_CUT_LOST");
      await after.commit(taken);
    });

    test("of a topic that keeps so many bytes the oldest go, and who comes late is told how many it missed", async () => {
      const topic = TOPICS.dead_letters.name;
      const consumer = await bus.consumer({ topic, group: "reader" });
      expect(consumer.missed()).toBe(0);
      if (!bounded) return;
      const value = new Uint8Array(TOPICS.dead_letters.retain_bytes / 4);
      for (let i = 0; i < 6; i++) await bus.publish([{ topic, key: "a", value, headers: { number: `${i}` } }]);
      const { messages } = await receive(consumer);
      expect(messages.map(({ headers }) => headers.number)).toEqual(["2", "3", "4", "5"]);
      expect(consumer.missed()).toBe(2);
    });

    testIf(bounded)("a topic is not followed where a group has one member, who is given all", async () => {
      expect(await bus.follow({ topic: TOPIC, behind: "group", take: () => {} })).toBeNull();
    });

    testIf(!bounded)(
      "who follows a topic is given all that its group had not committed, and all that comes",
      async () => {
        const send = async (...texts: string[]) => {
          for (const text of texts) await bus.publish([{ topic: TOPIC, key: "a", value: Buffer.from(text) }]);
        };
        await send("one", "two");
        const member = await join();
        for (let left = 2; left > 0; ) {
          const delivery = await begun(member);
          await member.commit(delivery);
          left -= delivery.messages.length;
        }
        await send("three");
        const given: string[] = [];
        const take = ({ value }: { value: Uint8Array }) => void given.push(Buffer.from(value).toString());
        const follower = await bus.follow({ topic: TOPIC, behind: "group", take });
        await follower?.caughtUp;
        expect(given).toEqual(["three"]);
        await send("four");
        await eventually(async () => given.includes("four"));
        // Nothing was taken from the group.
        expect((await drain(member, 2)).map(({ message }) => Buffer.from(message.value).toString())).toEqual([
          "three",
          "four",
        ]);
        await follower?.stop();
      },
    );

    test("every group is given every message", async () => {
      await bus.publish([message("a", "1")]);
      for (const group of ["one", "two"]) {
        const [only] = await drain(await join(bus, group), 1);
        expect(text(only?.message as Message)).toBe("1");
      }
    });

    test("tokens differ between partitions, cuts and buses", async () => {
      const tokens = new Set<string>();
      const fill = async (at: Bus) => {
        await at.publish(Array.from({ length: 40 }, (_, i) => message(`${i}`, "x")));
        const consumer = await join(at);
        for (let left = 40; left > 0; ) {
          const delivery = await receive(consumer, { maxMessages: 1 });
          tokens.add(delivery.token);
          await consumer.commit(delivery);
          left -= delivery.messages.length;
        }
      };
      await fill(bus);
      const elsewhere = await place();
      const other = await elsewhere.open();
      await fill(other).finally(async () => {
        await other.stop();
        await elsewhere.remove();
      });
      expect(tokens.size).toBe(80);
    });

    test("lag tells what is not committed, begun or not", async () => {
      const consumer = await join();
      const total = async () =>
        (await consumer.lag()).reduce(
          (sum, lag) => ({ messages: sum.messages + lag.messages, bytes: sum.bytes + (lag.bytes ?? 0) }),
          { messages: 0, bytes: 0 },
        );
      expect((await consumer.lag()).map(({ partition }) => partition)).toEqual(
        Array.from({ length: bus.partitions }, (_, i) => i),
      );
      expect((await total()).messages).toBe(0);
      await bus.publish([message("a", "12345"), message("a", "678")]);
      const tells = async (messages: number) => {
        const now = (await total()).messages;
        return exactLag ? now === messages : now >= messages;
      };
      await eventually(() => tells(2));
      if (exactLag) expect((await total()).bytes).toBeGreaterThanOrEqual(8);
      const delivery = await receive(consumer, { maxMessages: 1 });
      await consumer.begin(delivery);
      const begun = (await total()).messages;
      expect(await tells(2)).toBe(true);
      await consumer.commit(delivery);
      await eventually(async () => (await total()).messages === begun - 1);
      for (const { committedOffset, endOffset, messages } of await consumer.lag())
        expect(endOffset - committedOffset).toBeGreaterThanOrEqual(messages);
    });

    test("a compacted topic keeps the last message of each key, and null forgets one", async () => {
      const state = (key: string, value: string | null) => ({
        topic: COMPACTED,
        key,
        value: value === null ? null : bytes(value),
      });
      expect((await bus.latest(COMPACTED)).size).toBe(0);
      await bus.publish([state("a", "1"), state("b", "1"), state("a", "2"), state("c", "1"), state("d", null)]);
      await bus.publish([state("a", "3"), state("c", null)]);
      await bus.stop();
      bus = await open();
      const latest = await bus.latest(COMPACTED);
      expect([...latest].map(([key, value]) => [key, new TextDecoder().decode(value)]).sort()).toEqual([
        ["a", "3"],
        ["b", "1"],
      ]);
    });

    test("of a compacted topic the keys that begin alike can be asked for alone", async () => {
      const keys = ["192.0.2.1", "192.0.2.1 parked 1", "192.0.2.10", "192.0.2.2", "192.0.20.1", "2001:db8::1", "192"];
      await bus.publish(keys.map((key) => ({ topic: COMPACTED, key, value: bytes(key) })));
      await bus.publish([{ topic: COMPACTED, key: "192.0.2.10", value: null }]);
      const found = async (prefix: string) => [...(await bus.latest(COMPACTED, prefix)).keys()].sort();
      expect(await found("192.0.2.1")).toEqual(["192.0.2.1", "192.0.2.1 parked 1"]);
      expect(await found("2001:db8::1")).toEqual(["2001:db8::1"]);
      expect(await found("198")).toEqual([]);
      expect(await found("")).toEqual(keys.filter((key) => key !== "192.0.2.10").sort());
    });

    test("a message that is too large is refused with all beside it", async () => {
      const large = { topic: TOPIC, key: "a", value: new Uint8Array(bus.maxMessageBytes + 1) };
      expect(await faultCode(bus.publish([message("a", "1"), large]))).toBe("BUS_MESSAGE_LARGE");
      await bus.publish([message("a", "2")]);
      expect((await drain(await join(), 1)).map(({ message }) => text(message))).toEqual(["2"]);
    });

    testIf(bounded)("messages of several topics are published together or not at all", async () => {
      const oversized = { topic: TOPIC, key: "a", value: new Uint8Array(20_000) };
      const small = await open({ maxBytes: 10_000 });
      expect(
        await faultCode(
          small.publish([message("a", "1"), { topic: COMPACTED, key: "a", value: bytes("1") }, oversized]),
        ),
      ).toBe("BUS_FULL");
      await small.publish([message("a", "2"), { topic: COMPACTED, key: "b", value: bytes("2") }]);
      expect((await drain(await join(), 1)).map(({ message }) => text(message))).toEqual(["2"]);
      expect([...(await bus.latest(COMPACTED)).keys()]).toEqual(["b"]);
    });

    testIf(!bounded)("a bus without a bound tells no usage", async () => {
      expect(await bus.usage()).toBeNull();
    });

    testIf(bounded)(
      "a full bus refuses messages, may be tried again, and has room when every group has committed",
      async () => {
        const small = await open({ maxBytes: 10_000 });
        const value = new Uint8Array(4_000);
        const fill = () => small.publish([{ topic: TOPIC, key: "a", value }]);
        const one = await join(small, "one");
        const two = await join(small, "two");
        await fill();
        await fill();
        expect(await faultCode(fill())).toBe("BUS_FULL");
        expect((await small.usage())?.maxBytes).toBe(10_000);
        await drain(one, 2);
        expect(await faultCode(fill())).toBe("BUS_FULL");
        await drain(two, 2);
        await eventually(() =>
          fill().then(
            () => true,
            () => false,
          ),
        );
        expect((await drain(one, 1)).length).toBe(1);
      },
    );

    test("a bus that was stopped finishes what it accepted and takes no more", async () => {
      const accepted = Array.from({ length: 20 }, (_, i) => bus.publish([message("a", `${i}`)]));
      const stopped = bus.stop();
      await Promise.all(accepted);
      await stopped;
      await bus.stop();
      expect(await faultCode(bus.publish([message("a", "late")]))).toBe("BUS_UNREACHABLE");
      bus = await open();
      expect((await drain(await join(), 20)).length).toBe(20);
    });

    test("a message without a value is an error of the program where keys are not forgotten", async () => {
      await expect(bus.publish([{ topic: TOPIC, key: "a", value: null }])).rejects.toBeInstanceOf(TypeError);
      await expect(bus.consumer({ topic: COMPACTED, group: "group" })).rejects.toBeInstanceOf(TypeError);
    });
  });
}
