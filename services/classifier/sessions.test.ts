import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows, encodeSessions } from "@v6meter/batch";
import { type Bus, openEmbeddedBus } from "@v6meter/bus";
import { createClassifier, loadRegistry } from "@v6meter/classify";
import { createLogger } from "@v6meter/runtime";
import { addressBytes, config, createFlowBatch, Fault, getBigU64, setU64, TOPICS } from "@v6meter/schemas";
import { SessionTable } from "@v6meter/sessions";
import { sessionBatchOf, type TestEvent } from "@v6meter/sessions/test-events";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { loadSessions } from "./load-sessions.ts";
import { type ClassifierService, createClassifierService } from "./service.ts";
import { SESSIONS_GROUP } from "./session-recorder.ts";

const settings = config.parse({ classifier: { cut_interval_ms: 10, session_wait_ms: 300 } });
const logger = createLogger("silent", "test");
const LIMITS = { maxExecutionS: 20, maxRows: 1_000, maxMemoryBytes: 500_000_000 };
const MOBILE = "2409:8914:0:1::5";

let folder: string;
let store: Store;
let bus: Bus;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-sessions-"));
  store = await openEmbeddedStore({ path: join(folder, "store"), config: settings.store });
  await store.migrate();
});
afterAll(async () => {
  await store.stop();
  rmSync(folder, { recursive: true });
});

let buses = 0;
beforeEach(async () => {
  bus = await openEmbeddedBus({ path: join(folder, `bus-${++buses}`), partitions: 2, maxBytes: 1_073_741_824 });
});
afterEach(() => bus.stop());

const started: ClassifierService[] = [];
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

async function startService(over: Store = store) {
  const sessions = new SessionTable({
    slots: 1_024,
    windowMs: settings.classifier.session_window_ms,
    graceMs: 2_000,
  });
  const { repeat_window_ms, repeat_slots } = settings.classifier;
  const classifier = createClassifier({
    registry: loadRegistry(null),
    subscriberKey: new Uint8Array(32),
    repeatWindowMs: repeat_window_ms,
    repeatSlots: repeat_slots,
    sessions,
  });
  const service = createClassifierService({
    config: settings.classifier,
    bus,
    store: over,
    classifier,
    sessions,
    logger,
    onExit: (error) => {
      throw error;
    },
  });
  await service.start();
  started.push(service);
  return { service, sessions, classifier };
}

async function stopAll() {
  for (const service of started.splice(0)) await service.stop();
}

function flows(startMs: number, exporter: string): Uint8Array {
  const batch = createFlowBatch(1);
  batch.rows = 1;
  const { columns } = batch;
  columns.exporter.set(addressBytes(exporter) as Uint8Array);
  columns.src_addr.set(addressBytes(MOBILE) as Uint8Array);
  columns.dst_addr.set(addressBytes("2400:3200::1") as Uint8Array);
  columns.ip_version[0] = 6;
  columns.protocol[0] = 17;
  columns.src_port[0] = 40_000;
  columns.dst_port[0] = 443;
  setU64(columns.received_at, 0, startMs + 1_000);
  setU64(columns.start_at, 0, startMs);
  return encodeFlows(batch, { stage: "decode", books: { ledger: [], exporters: [] } });
}

const publishFlows = (value: Uint8Array) => bus.publish([{ topic: TOPICS.flows.name, key: "0", value, partition: 0 }]);
const tell = (events: readonly TestEvent[], nas = "nas-1") =>
  bus.publish([{ topic: TOPICS.sessions.name, key: nas, value: encodeSessions(sessionBatchOf(events)) }]);

async function select(statement: string) {
  return (await store.raw(statement, LIMITS)).rows;
}

/** Subscribers of the flows of an exporter in the order of their starts. */
const subscribers = (exporter: string) =>
  select(
    `SELECT toString(subscriber), toString(subscriber_method), active_family FROM flows
     WHERE exporter = toIPv6('${exporter}') ORDER BY start_at`,
  );

async function until(condition: () => boolean | Promise<boolean>) {
  while (!(await condition())) await sleep(10);
}

test("flows meet the sessions told before them and those told a little late; both are stored", async () => {
  const now = Date.now();
  const framed = "2409:8914:0:1::/64";
  await tell([{ status: "start", at: now - 60_000, session: 11, subscriber: 110, framed }]);
  await publishFlows(flows(now - 5_000, "198.18.1.1"));
  const { service } = await startService();
  await until(() => service.counts().rows === 1);
  // The flow is there first; while it waits the session that it belongs to is told.
  await publishFlows(flows(now + 500, "198.18.1.1"));
  await tell([{ status: "start", at: now, session: 12, subscriber: 120, framed }]);
  await until(() => service.counts().rows === 2);
  expect(await subscribers("198.18.1.1")).toEqual([
    ["110", "session", 6],
    ["120", "session", 6],
  ]);
  await until(() => service.sessionCounts()?.rows === 2);
  expect(service.sessionCounts()).toMatchObject({ unreadableMessages: 0, table: { sessions: 2, holdings: 2 } });
  const rows = await select(
    "SELECT toString(session), status_type, addresses_told, ended FROM sessions WHERE session IN (11, 12) ORDER BY session",
  );
  expect(rows).toEqual([
    ["11", 1, 4, 0],
    ["12", 1, 4, 0],
  ]);
});

test("after a restart what the store knows is known again, and what had ended long ago is not", async () => {
  const now = Date.now();
  const place = { operator: "mobile", region: "210100", access: "mobile" };
  await tell([
    { status: "start", at: now - 7_200_000, session: 21, subscriber: 210, framed: "2409:8914:0:21::/64", ...place },
    {
      status: "interim_update",
      at: now - 60_000,
      session: 21,
      subscriber: 210,
      startedAt: now - 7_200_000,
      framed: "2409:8914:0:21::/64",
      v4: "10.0.0.9",
      ...place,
    },
    {
      status: "start",
      at: now - 7_200_000,
      session: 22,
      subscriber: 220,
      delegated: "2409:8a14:0:2200::/56",
      v6: "2409:8a14::22",
    },
    { status: "stop", at: now - 60_000, session: 22, subscriber: 220 },
    { status: "start", at: now - 10_800_000, session: 23, subscriber: 230, framed: "2409:8914:0:23::/64" },
    { status: "stop", at: now - 7_200_000, session: 23, subscriber: 230 },
    { status: "start", at: now - 60_000, session: 24, subscriber: 240, nas: 9, v4: "36.1.2.3", ports: [1_024, 2_047] },
    { status: "accounting_off", at: now - 30_000, nas: 9 },
  ]);
  const first = await startService();
  await until(() => first.service.sessionCounts()?.rows === 8);
  await stopAll();

  const { sessions, service } = await startService();
  expect(service.sessionCounts()?.table).toEqual({ ...sessions.totals });
  const network = sessions.networkOf("mobile", "210100");
  const holder = (address: string, atMs: number, port = 0) => {
    const bytes = addressBytes(address) as Uint8Array;
    const found = sessions.find(new Uint32Array(bytes.buffer, bytes.byteOffset, 4), 0, port, network, atMs);
    if (found < 0) return null;
    const subscriber = new Uint32Array(2);
    sessions.subscriber(found, atMs, subscriber, 0);
    return subscriber[0];
  };
  expect(holder("2409:8914:0:21::1", now - 7_100_000)).toBe(210);
  expect(holder("10.0.0.9", now)).toBe(210);
  expect(holder("2409:8a14:0:22ff::1", now - 61_000)).toBe(220);
  expect(holder("2409:8a14::22", now - 61_000)).toBe(220);
  expect(holder("2409:8a14::22", now - 50_000)).toBeNull();
  expect(holder("2409:8914:0:23::1", now - 7_300_000)).toBeNull();
  expect(holder("36.1.2.3", now - 40_000, 2_000)).toBe(240);
  expect(holder("36.1.2.3", now - 20_000, 2_000)).toBeNull();
});

test("the store is read in pages, which together hold every event of every name once", async () => {
  const ends = [1n, 2n ** 63n, 2n ** 64n - 1n];
  const batch = sessionBatchOf(
    ends.map((_, i) => ({ status: "start" as const, at: Date.now(), session: 1, subscriber: i + 1 })),
  );
  new BigUint64Array(batch.columns.session.buffer).set(ends);
  await bus.publish([{ topic: TOPICS.sessions.name, key: "nas-1", value: encodeSessions(batch) }]);
  const { service } = await startService();
  await until(() => service.sessionCounts()?.rows === 3);
  const read = async (pageRows: number) => {
    const names: string[] = [];
    let pages = 0;
    await loadSessions(
      store,
      0,
      ({ rows, columns }) => {
        pages++;
        for (let row = 0; row < rows; row++) names.push(String(getBigU64(columns.session, row)));
      },
      pageRows,
    );
    return { names: names.sort(), pages };
  };
  const [whole, paged] = [await read(1_000_000), await read(1)];
  expect(whole.pages).toBe(1);
  expect(paged.pages).toBeGreaterThan(3);
  expect(paged.names).toEqual(whole.names);
  for (const end of ends) expect(paged.names.filter((name) => name === String(end))).toHaveLength(1);
});

test("a message that cannot be read is counted, kept with its reason, and stops nothing", async () => {
  const now = Date.now();
  await bus.publish([{ topic: TOPICS.sessions.name, key: "nas-1", value: Buffer.from("not Arrow") }]);
  await tell([{ status: "start", at: now, session: 31, subscriber: 310, framed: "2409:8914:0:31::/64" }]);
  const { service, sessions } = await startService();
  await until(() => service.sessionCounts()?.rows === 1);
  expect(sessions.size).toBeGreaterThan(0);
  expect(service.sessionCounts()?.unreadableMessages).toBe(1);
  const reader = await bus.consumer({ topic: TOPICS.dead_letters.name, group: "reader" });
  const delivery = await reader.receive({ maxMessages: 10, maxBytes: 1_000_000, waitMs: 5_000 });
  expect(
    delivery?.messages.map(({ value, headers }) => [String(Buffer.from(value)), headers["v6meter.topic"]]),
  ).toEqual([["not Arrow", TOPICS.sessions.name]]);
  await reader.stop();
  const books = await select(
    "SELECT outcome, reason, toInt64(sum(count)) AS events FROM ledger WHERE stage = 'record' AND exporter = toIPv6('::') GROUP BY outcome, reason ORDER BY outcome, reason",
  );
  const of = (outcome: string) =>
    books.filter(([it]) => it === outcome).reduce((sum, [, , count]) => sum + Number(count), 0);
  expect(books).toContainEqual(["dropped", "sessions_unreadable", "1"]);
  expect(of("received")).toBe(of("forwarded") + of("dropped"));
});

test("an insert that is repeated after a crash stores the events once", async () => {
  const now = Date.now();
  await tell([{ status: "start", at: now, session: 41, subscriber: 410, framed: "2409:8914:0:41::/64" }]);
  const tokens: string[] = [];
  // The store takes the events, but nobody hears of it.
  const deaf = new Proxy(store, {
    get: (target, name) => {
      if (name !== "insert") return Reflect.get(target, name).bind(target);
      return async (insert: Parameters<Store["insert"]>[0]) => {
        await target.insert(insert);
        tokens.push(insert.token);
        if (tokens.length < 3) throw new Fault("STORE_UNREACHABLE");
      };
    },
  });
  const { service } = await startService(deaf);
  await until(() => service.sessionCounts()?.cuts === 1);
  expect(tokens.filter((token) => token === tokens[0])).toHaveLength(3);
  expect(await select("SELECT count() FROM sessions WHERE session = 41")).toEqual([["1"]]);
});

test("on the embedded bus there is one group of sessions, which holds nothing back", async () => {
  await tell([{ status: "start", at: Date.now(), session: 51, subscriber: 510, framed: "2409:8914:0:51::/64" }]);
  const { service } = await startService();
  await until(() => service.sessionCounts()?.rows === 1);
  expect(await bus.follow({ topic: TOPICS.sessions.name, behind: SESSIONS_GROUP, take: () => {} })).toBeNull();
  await until(async () => (await bus.usage())?.messages === 0);
});
