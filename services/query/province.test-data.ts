import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeExporters, encodeFlows, encodeLedger, encodeSessions } from "@v6meter/batch";
import { identitiesOf } from "@v6meter/identity";
import {
  type AuditEntry,
  addressBytes,
  createFlowBatch,
  createSessionBatch,
  type ExporterStatus,
  type FlowLabels,
  LABEL_NAMES,
  type LabelName,
  type LedgerDelta,
  queryConfig,
  SESSION_STATUS_TYPES,
  type SessionLabels,
  type SessionStatusType,
  setU64,
  storeConfig,
} from "@v6meter/schemas";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { loadTemplate, reportRoutes } from "../report/index.ts";
import { createQueryService, type QueryServiceOptions } from "./service.ts";

export const KEY = "kGJ1vN5cQpX2rT8sW0yZ3bD6fH9jL4mV7nB1qC5eA2g";

/** What services of this file wrote into the audit log. */
export const audited: AuditEntry[] = [];

/** A classified flow; what a test does not name is one native IPv6 record of a phone in Shenyang. */
export interface TestFlow {
  at: string;
  exporter?: string;
  family?: 4 | 6 | 0;
  technology?: string;
  region?: string;
  operator?: string;
  access?: string;
  flow_direction?: string;
  observation_point?: string;
  subscriber_method?: string;
  counted?: 0 | 1 | 2;
  bytes?: number;
  sampling_rate?: number;
  packets?: number;
  subscriber?: bigint;
  subscriber_prefix?: bigint;
  active_family?: 0 | 4 | 6;
  src_addr?: string;
  src_as?: number;
  src_port?: number;
  dst_port?: number;
  protocol?: number;
  in_if?: number;
  out_if?: number;
}

const LABEL_DEFAULTS = {
  technology: "native",
  region: "210100",
  operator: "telecom",
  access: "mobile",
  flow_direction: "down",
  observation_point: "man",
  subscriber_method: "unknown",
} as const satisfies Record<LabelName, string>;

/** The real engine in a folder of its own, migrated; `close` removes it. */
export async function openTestStore(): Promise<{ store: Store; close(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "v6meter-query-"));
  const store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
  await store.migrate();
  return {
    store,
    async close() {
      await store.stop();
      await rm(path, { recursive: true });
    },
  };
}

/** The service with the test's key, over a store. */
export function testService(store: Store, options: Partial<QueryServiceOptions> = {}) {
  return createQueryService({
    store,
    config: queryConfig.parse({ http: "127.0.0.1:0" }),
    identities: identitiesOf({ adminKey: KEY }),
    audit: { append: async (entry) => void audited.push(entry) },
    routes: [reportRoutes({ template: loadTemplate() })],
    ...options,
  });
}

/** A GET with the key; the answer's JSON. */
export async function get(service: ReturnType<typeof testService>, url: string, headers: Record<string, string> = {}) {
  const answer = await service.app.inject({ url, headers: { authorization: `Bearer ${KEY}`, ...headers } });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

export async function insertFlows(store: Store, flows: readonly TestFlow[]): Promise<void> {
  const batch = createFlowBatch(flows.length);
  const labels = Object.fromEntries(LABEL_NAMES.map((name) => [name, ["unknown"]])) as Record<LabelName, string[]>;
  for (const [row, flow] of flows.entries()) {
    setU64(batch.columns.received_at, row, Date.parse(flow.at));
    batch.columns.exporter.set(addressBytes(flow.exporter ?? "192.0.2.1") as Uint8Array, row * 16);
    batch.columns.family[row] = flow.family ?? 6;
    batch.columns.counted[row] = flow.counted ?? 2;
    batch.columns.sampling_rate[row] = flow.sampling_rate ?? 1;
    setU64(batch.columns.bytes, row, flow.bytes ?? 1);
    setU64(batch.columns.packets, row, flow.packets ?? 1);
    setHash(batch.columns.subscriber, row, flow.subscriber ?? 0n);
    setHash(batch.columns.subscriber_prefix, row, flow.subscriber_prefix ?? 0n);
    batch.columns.active_family[row] = flow.active_family ?? 0;
    if (flow.src_addr) batch.columns.src_addr.set(addressBytes(flow.src_addr) as Uint8Array, row * 16);
    for (const name of ["src_as", "src_port", "dst_port", "protocol", "in_if", "out_if"] as const) {
      batch.columns[name][row] = flow[name] ?? 0;
    }
    for (const name of LABEL_NAMES) {
      const word = flow[name] ?? LABEL_DEFAULTS[name];
      const known = labels[name].indexOf(word);
      batch.columns[name][row] = known < 0 ? labels[name].push(word) - 1 : known;
    }
  }
  batch.rows = flows.length;
  batch.labels = labels as FlowLabels;
  const arrow = encodeFlows(batch, { stage: "classify" });
  await store.insert({ table: "flows", arrow, rows: flows.length, token: randomUUID() });
}

/** A hash of 64 bits, low word first. */
function setHash(column: Uint32Array, row: number, value: bigint): void {
  column[row * 2] = Number(value & 0xffffffffn);
  column[row * 2 + 1] = Number(value >> 32n);
}

/** A session event; what a test does not name is the start of a phone's session without an address. */
export interface TestSession {
  at: string;
  subscriber: bigint;
  session?: bigint;
  status?: SessionStatusType;
  region?: string;
  operator?: string;
  access?: string;
  ipv4?: string;
  ipv6_prefix?: string;
  delegated_prefix?: string;
  rotates_at?: string;
}

export async function insertSessions(store: Store, events: readonly TestSession[]): Promise<void> {
  const batch = createSessionBatch(events.length);
  const labels = { operator: ["unknown"], region: ["unknown"], access: ["unknown"] } satisfies SessionLabels;
  const { columns } = batch;
  for (const [row, event] of events.entries()) {
    for (const name of ["received_at", "event_at"] as const) setU64(columns[name], row, Date.parse(event.at));
    columns.status_type[row] = SESSION_STATUS_TYPES[event.status ?? "start"];
    setHash(columns.session, row, event.session ?? event.subscriber);
    setHash(columns.subscriber, row, event.subscriber);
    for (const [name, text] of [
      ["framed_ip_address", event.ipv4],
      ["framed_ipv6_prefix", event.ipv6_prefix],
      ["delegated_ipv6_prefix", event.delegated_prefix],
    ] as const) {
      if (text !== undefined) columns[name].set(addressBytes(text) as Uint8Array, row * 16);
    }
    if (event.rotates_at !== undefined) {
      setU64(columns.rotates_at, row, Date.parse(event.rotates_at));
      setHash(columns.subscriber_next, row, ~event.subscriber & 0xffff_ffff_ffff_ffffn);
    }
    for (const name of ["operator", "region", "access"] as const) {
      const word = event[name] ?? LABEL_DEFAULTS[name];
      const known = labels[name].indexOf(word);
      columns[name][row] = known < 0 ? labels[name].push(word) - 1 : known;
    }
  }
  batch.rows = events.length;
  batch.labels = labels;
  await store.insert({ table: "sessions", arrow: encodeSessions(batch), rows: events.length, token: randomUUID() });
}

export async function insertLedger(
  store: Store,
  entries: readonly (Omit<LedgerDelta, "reason"> & { at: string; reason?: string })[],
): Promise<void> {
  const rows = entries.map(({ at, reason = "", ...entry }) => ({ ...entry, reason, atMs: Date.parse(at) }));
  const arrow = encodeLedger(rows);
  await store.insert({ table: "ledger", arrow, rows: entries.length, token: randomUUID() });
}

export async function insertExporters(store: Store, streams: readonly ExporterStatus[]): Promise<void> {
  const arrow = encodeExporters(streams);
  await store.insert({ table: "exporters", arrow, rows: streams.length, token: randomUUID() });
}

/** A store that fails a test which reaches it. */
export const unreachableStore: Store = {
  migrate: () => Promise.reject(new Error("the store was asked to migrate")),
  insert: () => Promise.reject(new Error("the store was asked to insert")),
  query: ({ name }) => Promise.reject(new Error(`the store was asked for ${name}`)),
  raw: () => Promise.reject(new Error("the store was asked for a statement")),
  ping: () => Promise.reject(new Error("the store was pinged")),
  stop: () => Promise.resolve(),
};
