import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault, TOPICS } from "@v6meter/schemas";
import { open } from "lmdb";
import { describe, expect, test } from "vitest";
import type { Bus } from "../port.ts";
import { openEmbeddedBus } from "./bus.ts";
import { HELD, openEnvironment } from "./environment.ts";
import { testFolder } from "./folder.test-data.ts";

const TOPIC = TOPICS.flows.name;
const openBus = (path: string, partitions = 4) => openEmbeddedBus({ path, partitions, maxBytes: 50_000_000 });

async function invalid(path: string): Promise<string> {
  const error: unknown = await openBus(path).then(
    (bus) => bus.stop().then(() => new Error("it was opened")),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  expect((error as Fault).code).toBe("BUS_INVALID");
  expect((error as Fault).message).toContain(path);
  return (error as Fault).message;
}

/** Publishes `count` values of 10 kB, one message a transaction. */
async function fill(bus: Bus, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await bus.publish([{ topic: TOPIC, key: `${i}`, value: new Uint8Array(10_000).fill(i) }]);
}

test("a bus that exists keeps its number of partitions", async () => {
  const path = join(testFolder(), "deep", "bus");
  const made = await openBus(path, 3);
  expect(made.partitions).toBe(3);
  await made.stop();
  const again = await openBus(path, 8);
  expect(again.partitions).toBe(3);
  await again.stop();
});

test("a bus of the format before folded values is read as it is, and is of the new format from then on", async () => {
  const path = testFolder();
  const made = await openBus(path);
  await fill(made, 3);
  await made.stop();
  const setFormat = async (format: string) => {
    const root = open({ path, noSubdir: false, maxDbs: 10, encoding: "binary" });
    const identities = root.openDB<{ format: string }, string>("identity", { encoding: "json" });
    const before = identities.get("identity");
    await identities.put("identity", { ...before, format });
    await root.close();
    return before?.format;
  };
  await setFormat("v6meter.bus/1");
  const read = await openBus(path);
  expect((await read.usage())?.messages).toBe(3);
  await read.stop();
  expect(await setFormat("v6meter.bus/3")).toBe("v6meter.bus/2");
  expect(await invalid(path)).toContain("v6meter.bus/3");
});

test("an empty folder and one left by a process that was killed as it made the bus become a bus", async () => {
  const path = testFolder();
  writeFileSync(join(path, "lock.mdb"), "");
  writeFileSync(join(path, "data.mdb"), "");
  await (await openBus(path)).stop();
  const other = testFolder();
  const half = open({ path: other, maxDbs: 10, overlappingSync: false });
  half.openDB("heads", { encoding: "json" });
  await half.close();
  await (await openBus(other)).stop();
});

test("a transaction that throws leaves nothing behind", async () => {
  const environment = await openEnvironment({ path: testFolder(), partitions: 1, maxBytes: 1_000_000 });
  const { compacted, counters } = environment;
  const kept = environment.transact(() => void compacted.put([TOPIC, "kept"], Buffer.from("x")));
  const undone = environment.transact(() => {
    counters.put(HELD, { bytes: 1, messages: 1 });
    compacted.put([TOPIC, "undone"], Buffer.alloc(100_000));
    throw new TypeError("on purpose");
  });
  await expect(undone).rejects.toThrow("on purpose");
  await kept;
  expect(environment.read(() => [...compacted.getKeys()])).toEqual([[TOPIC, "kept"]]);
  expect(environment.read(() => counters.get(HELD))).toBeUndefined();
  await environment.close();
});

test("a folder that cannot be made is a BUS_UNREACHABLE", async () => {
  const file = join(testFolder(), "file");
  writeFileSync(file, "");
  await expect(openBus(join(file, "bus"))).rejects.toMatchObject({ code: "BUS_UNREACHABLE" });
});

describe("a folder that is not a bus is refused with its path", () => {
  test("a file", async () => {
    const path = join(testFolder(), "file");
    writeFileSync(path, "not a folder");
    expect(await invalid(path)).toContain("it is not a folder");
  });

  test("a folder of other files", async () => {
    const path = testFolder();
    writeFileSync(join(path, "notes.txt"), "mine");
    expect(await invalid(path)).toContain("it holds other files (notes.txt)");
  });

  test.each([
    { says: "text", bytes: Buffer.from("not a database") },
    { says: "zeros", bytes: Buffer.alloc(100_000) },
    { says: "ones", bytes: Buffer.alloc(100_000, 0xff) },
  ])("a data file of $says", async ({ bytes }) => {
    const path = testFolder();
    writeFileSync(join(path, "data.mdb"), bytes);
    expect(await invalid(path)).toContain("data.mdb");
    expect(readFileSync(join(path, "data.mdb")).equals(bytes)).toBe(true);
  });

  test("another program's lmdb environment", async () => {
    const path = testFolder();
    const foreign = open({ path, overlappingSync: false });
    await foreign.put("their key", "their value");
    await foreign.close();
    expect(await invalid(path)).toContain("their key");
  });

  test("a bus of a later format", async () => {
    const path = testFolder();
    await (await openBus(path)).stop();
    const environment = open({ path, maxDbs: 10, overlappingSync: false });
    await environment
      .openDB("identity", { encoding: "json" })
      .put("identity", { format: "v6meter.bus/9", busId: "", partitions: 1 });
    await environment.close();
    expect(await invalid(path)).toContain("its format is v6meter.bus/9");
  });
});

test("a data file that was cut short is a BUS_INVALID at the start or as it is read, and never ends the process", async () => {
  const whole = testFolder();
  const bus = await openBus(whole);
  await fill(bus, 60);
  await bus.stop();
  const { size } = statSync(join(whole, "data.mdb"));
  let refused = 0;
  for (let part = 1; part < 20; part++) {
    const path = join(testFolder(), "cut");
    mkdirSync(path);
    copyFileSync(join(whole, "data.mdb"), join(path, "data.mdb"));
    truncateSync(join(path, "data.mdb"), Math.floor((size * part) / 20));
    try {
      const cut = await openBus(path);
      const consumer = await cut.consumer({ topic: TOPIC, group: "g" });
      for (let left = 60; left > 0; ) {
        const delivery = await consumer.receive({ maxMessages: 1, maxBytes: 1, waitMs: 0 });
        if (!delivery) break;
        await consumer.commit(delivery);
        left--;
      }
      await cut.stop();
    } catch (error) {
      expect((error as Fault).code).toBe("BUS_INVALID");
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(10);
});
