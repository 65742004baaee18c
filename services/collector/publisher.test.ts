import { createDecoder } from "@v6meter/netflow";
import { createLogger } from "@v6meter/runtime";
import { addressBytes, Fault } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { Publisher } from "./publisher.ts";
import { booked, recordingBus, v5Datagram } from "./recording-bus.test-data.ts";
import { BatchPool, Shard } from "./shard.ts";

const EXPORTER = addressBytes("192.0.2.1") as Uint8Array;
const NOW_MS = 1_750_000_000_000;

function publisherOver(
  before: (call: number) => Promise<void>,
  { batchRows = 4_096, queueMaxBytes = 1e9, shardCount = 1, folds = false } = {},
) {
  const { bus, published } = recordingBus(before);
  const decoder = createDecoder();
  const pool = new BatchPool(batchRows);
  const shards = Array.from({ length: shardCount }, (_, i) => new Shard(`shard-${i}`, pool));
  const logger = createLogger("silent", "test");
  const publisher = new Publisher({ bus, decoder, shards, pool, logger, queueMaxBytes, folds });
  let records = 0;
  return {
    publisher,
    published,
    decode(datagrams: number, shard = 0) {
      for (let i = 0; i < datagrams; i++, records += 30)
        decoder.decode(v5Datagram(records), EXPORTER, 2055, NOW_MS, shards[shard] as Shard);
      return records;
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test("a batch that fills in the middle of a datagram goes with the next one and all books in one publish", async () => {
  const { publisher, published, decode } = publisherOver(async () => {}, { batchRows: 40 });
  decode(2);
  await publisher.drain();
  expect(published).toHaveLength(1);
  expect(published[0]?.rows).toEqual([40, 20]);
  expect(published[0]?.bytes).toEqual(numbers(60));
  expect(published[0]?.state).toEqual(["192.0.2.1"]);
  expect(booked(published, "receive", "received")).toBe(2);
  expect(booked(published, "publish", "received")).toBe(60);
  expect(booked(published, "publish", "forwarded")).toBe(60);
});

test("the rows of a shard go to the partition of its number, whatever its key and however many messages they are", async () => {
  const { publisher, published, decode } = publisherOver(async () => {}, { batchRows: 40, shardCount: 4 });
  for (const [shard, datagrams] of [2, 1, 0, 4].entries()) if (datagrams > 0) decode(datagrams, shard);
  await publisher.drain();
  expect(published).toHaveLength(1);
  expect(published[0]?.rows).toEqual([40, 20, 30, 40, 40, 40]);
  expect(published[0]?.partitions).toEqual([0, 0, 1, 3, 3, 3]);
});

test("a bus that is full is asked again until it has room, and the order stays", async () => {
  const told: (string | null)[] = [];
  const { publisher, published, decode } = publisherOver(async (call) => {
    told.push(publisher.counts.trouble);
    if (call <= 2) throw new Fault("BUS_FULL", "the spool is full");
  });
  decode(1);
  publisher.flush();
  decode(1);
  await publisher.drain();
  expect(told.slice(0, 3)).toEqual([null, "the spool is full", "the spool is full"]);
  expect(publisher.counts.trouble).toBeNull();
  expect(published.flatMap(({ bytes }) => bytes)).toEqual(numbers(60));
  expect(publisher.counts).toMatchObject({ records: 60, droppedRecords: 0, queuedBytes: 0 });
});

test("folded values hold the same rows, in order, and the books beside them", async () => {
  const { publisher, published, decode } = publisherOver(async () => {}, { batchRows: 3_000, folds: true });
  for (let flush = 0; flush < 4; flush++) {
    decode(250);
    void publisher.flush();
  }
  await publisher.drain();
  expect(published.flatMap(({ bytes }) => bytes)).toEqual(numbers(30_000));
  expect(published.every(({ folded }) => folded > 0)).toBe(true);
  expect(booked(published, "publish", "forwarded")).toBe(30_000);
  expect(publisher.counts).toMatchObject({ records: 30_000, queuedBytes: 0 });
});

test("beyond the queue's limit records are dropped as bus_full, and the books still balance", async () => {
  let open = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { publisher, published, decode } = publisherOver(() => closed, { queueMaxBytes: 1 });
  for (let flush = 0; flush < 5; flush++) {
    decode(1);
    publisher.flush();
  }
  expect(publisher.counts).toMatchObject({ records: 30, droppedRecords: 120 });
  expect(publisher.counts.queuedBytes).toBeGreaterThan(1);
  decode(1);
  open();
  await publisher.drain();
  expect(published.flatMap(({ bytes }) => bytes)).toEqual(numbers(30));
  expect(booked(published, "receive", "received")).toBe(6);
  expect(booked(published, "publish", "received")).toBe(180);
  expect(booked(published, "publish", "forwarded")).toBe(30);
  expect(booked(published, "publish", "dropped", "bus_full")).toBe(150);
  // What was dropped is one line of the books, however often the bus was full.
  expect(published.flatMap(({ ledger }) => ledger).filter(({ reason }) => reason === "bus_full")).toHaveLength(1);
});

test("messages under way keep their rows while others are encoded and the bus is slow", async () => {
  const { publisher, published, decode } = publisherOver(() => new Promise((resolve) => setTimeout(resolve, 2)));
  for (let flush = 0; flush < 12; flush++) {
    // Large enough for memory that is used again, of sizes that differ.
    decode(20 + ((flush * 37) % 60));
    publisher.flush();
  }
  const records = decode(0);
  await publisher.drain();
  expect(published.flatMap(({ bytes }) => bytes)).toEqual(numbers(records));
});

test("a bus that refuses for good is told at the end", async () => {
  const { publisher, published, decode } = publisherOver(async () => {
    throw new Fault("BUS_INVALID");
  });
  decode(1);
  await expect(publisher.drain()).rejects.toThrow(Fault);
  expect(published).toEqual([]);
});
