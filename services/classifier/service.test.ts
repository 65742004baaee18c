import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows } from "@v6meter/batch";
import { type Bus, type Consumer, openEmbeddedBus } from "@v6meter/bus";
import { createClassifier, loadRegistry } from "@v6meter/classify";
import { createLogger } from "@v6meter/runtime";
import { addressBytes, config, createFlowBatch, Fault, TOPICS } from "@v6meter/schemas";
import type { Insert, Store } from "@v6meter/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ClassifierService, createClassifierService } from "./service.ts";

const settings = config.parse({ classifier: { cut_interval_ms: 10 } });
const logger = createLogger("silent", "test");

let folder: string;
let bus: Bus;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-classifier-"));
  bus = await openEmbeddedBus({ path: join(folder, "bus"), partitions: 1, maxBytes: 1_073_741_824 });
});
afterEach(async () => {
  await bus.stop();
  rmSync(folder, { recursive: true });
});

/** A store that keeps what it was given, and does with each insert what the test says first. */
function recordingStore(before: (insert: Insert) => Promise<void> = async () => {}) {
  const inserts: Insert[] = [];
  const store = {
    insert: async (insert: Insert) => {
      await before(insert);
      inserts.push(insert);
    },
  } as unknown as Store;
  return {
    store,
    inserts,
    rowsOf: (table: Insert["table"]) => inserts.filter((it) => it.table === table).map((it) => it.rows),
  };
}

function serviceOver(store: Store, onExit: (error: Error) => void = () => {}): ClassifierService {
  const { repeat_window_ms, repeat_slots } = settings.classifier;
  const options = { registry: loadRegistry(null), subscriberKey: new Uint8Array(32) };
  const classifier = createClassifier({ ...options, repeatWindowMs: repeat_window_ms, repeatSlots: repeat_slots });
  return createClassifierService({ config: settings.classifier, bus, store, classifier, logger, onExit });
}

function flows(rows: number): Uint8Array {
  const batch = createFlowBatch(rows);
  batch.rows = rows;
  for (let row = 0; row < rows; row++) {
    batch.columns.exporter.set(addressBytes("192.0.2.1") as Uint8Array, row * 16);
  }
  const ledger = [{ exporter: "192.0.2.1", stage: "publish", outcome: "received", reason: "", count: rows } as const];
  return encodeFlows(batch, { stage: "decode", books: { ledger: [...ledger], exporters: [] } });
}

const publish = (value: Uint8Array) => bus.publish([{ topic: TOPICS.flows.name, key: "shard-0", value }]);

test("what is published before and after a message that cannot be read is written, and the message is counted", async () => {
  await publish(flows(3));
  await publish(new TextEncoder().encode("not Arrow"));
  await publish(flows(4));
  const { store, rowsOf } = recordingStore();
  const service = serviceOver(store);
  await service.start();
  await service.stop();
  expect(rowsOf("flows").reduce((sum, rows) => sum + rows, 0)).toBe(7);
  expect(service.counts()).toMatchObject({ rows: 7, unreadableMessages: 1 });
  // Received, classified and written of the exporter, and the unreadable message with its reason.
  expect(rowsOf("ledger")).toEqual([7]);
  expect((await service.lag()).every(({ messages }) => messages === 0)).toBe(true);
});

test("a message that cannot be read lies in the topic of dead letters as it was, with its reason and place", async () => {
  const poison = new TextEncoder().encode("not Arrow");
  await publish(flows(3));
  await publish(poison);
  const service = serviceOver(recordingStore().store);
  await service.start();
  await service.stop();
  const reader = await bus.consumer({ topic: TOPICS.dead_letters.name, group: "reader" });
  const delivery = await reader.receive({ maxMessages: 10, maxBytes: 1_000_000, waitMs: 5_000 });
  expect(delivery?.messages.map(({ value }) => Buffer.from(value).toString())).toEqual(["not Arrow"]);
  expect(delivery?.messages[0]?.headers).toEqual({
    "v6meter.reason": expect.stringContaining("not an Arrow stream"),
    "v6meter.topic": TOPICS.flows.name,
    "v6meter.partition": "0",
    "v6meter.offset": "1",
  });
});

test("a member whose partition was taken stores nothing of it and goes on; the other stores all of it", async () => {
  await publish(flows(3));
  const [first, second] = [recordingStore(), recordingStore()];
  const lost = Promise.withResolvers<void>();
  const join = bus.consumer.bind(bus);
  bus.consumer = async (options) => {
    const member = await join(options);
    const begin = member.begin.bind(member);
    member.begin = async (delivery) => {
      const other = await join(options);
      await other.stop();
      lost.resolve();
      return begin(delivery);
    };
    return member;
  };
  const before = serviceOver(first.store);
  await before.start();
  await lost.promise;
  while (before.counts().lostCuts === 0) await sleep(5);
  await before.stop();
  bus.consumer = join;
  const after = serviceOver(second.store);
  await after.start();
  await after.stop();
  expect([first.rowsOf("flows"), second.rowsOf("flows")]).toEqual([[], [3]]);
});

test("a bus that does not answer for a while is waited for", async () => {
  await publish(flows(2));
  const join = bus.consumer.bind(bus);
  let refusals = 0;
  bus.consumer = async (options) => {
    const member = await join(options);
    for (const step of ["receive", "begin", "commit"] as const) {
      const original = member[step].bind(member) as (argument: never) => Promise<never>;
      let refused = false;
      Object.assign(member, {
        [step]: async (argument: never) => {
          if (!refused) {
            refused = true;
            refusals++;
            throw new Fault("BUS_UNREACHABLE");
          }
          return original(argument);
        },
      });
    }
    return member;
  };
  const { store, rowsOf } = recordingStore();
  const service = serviceOver(store);
  await service.start();
  while (service.counts().cuts === 0) await sleep(20);
  await service.stop();
  expect([refusals, rowsOf("flows")]).toEqual([3, [2]]);
});

test("a store that fails for a while is given the same token again, and nothing is skipped", async () => {
  await publish(flows(5));
  const tokens: string[] = [];
  const { store, inserts } = recordingStore(async ({ token }) => {
    tokens.push(token);
    if (tokens.length < 3) throw new Fault("STORE_UNREACHABLE");
  });
  const service = serviceOver(store);
  await service.start();
  while (tokens.length < 2) await sleep(20);
  expect(service.trouble()).toBe(new Fault("STORE_UNREACHABLE").message);
  while (service.counts().cuts === 0) await sleep(20);
  expect(service.trouble()).toBeNull();
  await service.stop();
  expect(tokens.slice(0, 3)).toEqual(Array(3).fill(tokens[0]));
  expect(inserts[0]).toMatchObject({ table: "flows", rows: 5, token: tokens[0] });
});

test("who takes over after a crash in the middle of an insert repeats the same cut under the same token", async () => {
  await publish(flows(5));
  let crashed = "";
  const hanging = recordingStore(({ token }) => {
    crashed ||= token;
    return new Promise<void>(() => {});
  });
  await serviceOver(hanging.store).start();
  while (crashed === "") await sleep(5);
  // The cut is written down; what is published later must not slip into it.
  await publish(flows(6));
  const { store, inserts } = recordingStore();
  const next = serviceOver(store);
  await next.start();
  await next.stop();
  const ofFlows = inserts.filter(({ table }) => table === "flows");
  expect(ofFlows.map(({ rows }) => rows)).toEqual([5, 6]);
  expect(ofFlows[0]?.token).toBe(crashed);
  expect(next.counts()).toMatchObject({ cuts: 2, repeatedCuts: 1 });
});

test("a bus that fails for good ends the service, which says so", async () => {
  const ended = Promise.withResolvers<Error>();
  const damaged = new Fault("BUS_INVALID");
  const failing = { receive: () => Promise.reject(damaged), stop: async () => {} } as unknown as Consumer;
  bus.consumer = async () => failing;
  const service = serviceOver(recordingStore().store, ended.resolve);
  await service.start();
  expect(await ended.promise).toBe(damaged);
  await expect(service.stop()).rejects.toBe(damaged);
});
