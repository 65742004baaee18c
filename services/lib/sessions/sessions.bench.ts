/**
 * What millions of sessions take: `npm run bench:sessions -- [--sessions N] [--seed N] [--json]` fills a table
 * with a province's mix (seven mobile subscribers in ten with a /64 and a private IPv4 address, three fixed ones
 * with a WAN /64, a delegated /56 and a private IPv4 address; all with a key about to rotate), then looks up.
 * Not a vitest benchmark: vitest wraps every import in a getter, which the loops would be measured with.
 */

import { parseArgs } from "node:util";
import { Random } from "@v6meter/random";
import { createSessionBatch, SESSION_STATUS_TYPES, type SessionBatch, setU64 } from "@v6meter/schemas";
import { SessionTable } from "./session-table.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "15000000" },
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const SESSIONS = Number(values.sessions);
const SEED = Number(values.seed);
const RUNS = Number(values.runs);
const BATCH_ROWS = 65_536;
const LOOK_UPS = 2_097_152;
const MOBILE_SHARE = 0.7;
const REGIONS = 14;
const NOON_MS = Date.parse("2026-11-24T12:00:00+08:00");
const ROTATES_AT_MS = Date.parse("2026-12-01T00:00:00+08:00");

const isMobile = (session: number) => session % 10 < MOBILE_SHARE * 10;

/** A permutation of 32 bits (MurmurHash3's last step): addresses that lie anywhere, each once. */
function scattered(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The /64 a session holds (for a home, of its WAN), and the /56 of a home, as words in memory order. */
function putFramed(words: Uint32Array, at: number, session: number): void {
  words[at] = isMobile(session) ? 0x14890924 : 0x148a0924;
  words[at + 1] = scattered(session);
}

function putDelegated(words: Uint32Array, at: number, session: number): void {
  const bits = scattered(session);
  words[at] = (0x0024_0924 | ((bits >>> 24) << 24)) >>> 0;
  // The third byte of four is the last of a /56.
  words[at + 1] = bits & 0xff_ffff;
}

function putV4(words: Uint32Array, at: number, session: number): void {
  words[at + 2] = 0xffff_0000;
  // 10.0.0.0/8, used by each region anew.
  words[at + 3] = (10 | ((Math.floor(session / REGIONS) & 0xff_ffff) << 8)) >>> 0;
}

function fill(batch: SessionBatch, from: number, rows: number): void {
  const { columns } = batch;
  const v4 = new Uint32Array(columns.framed_ip_address.buffer);
  const framed = new Uint32Array(columns.framed_ipv6_prefix.buffer);
  const delegated = new Uint32Array(columns.delegated_ipv6_prefix.buffer);
  for (let row = 0; row < rows; row++) {
    const session = from + row;
    columns.status_type[row] = SESSION_STATUS_TYPES.start;
    setU64(columns.event_at, row, NOON_MS + (scattered(session) % 3_600_000));
    columns.nas[row * 2] = session % 400;
    columns.session[row * 2] = scattered(session);
    columns.session[row * 2 + 1] = scattered(~session);
    columns.subscriber[row * 2] = session;
    columns.subscriber[row * 2 + 1] = 1;
    columns.subscriber_next[row * 2] = session;
    columns.subscriber_next[row * 2 + 1] = 2;
    setU64(columns.rotates_at, row, ROTATES_AT_MS);
    columns.operator[row] = 1;
    columns.region[row] = 1 + (session % REGIONS);
    columns.access[row] = isMobile(session) ? 1 : 2;
    putV4(v4, row * 4, session);
    putFramed(framed, row * 4, session);
    columns.framed_ipv6_prefix_length[row] = 64;
    delegated.fill(0, row * 4, row * 4 + 4);
    if (!isMobile(session)) putDelegated(delegated, row * 4, session);
    columns.delegated_ipv6_prefix_length[row] = isMobile(session) ? 0 : 56;
  }
  batch.rows = rows;
}

const table = new SessionTable({ slots: 1_048_576, windowMs: 3_600_000, graceMs: 2_000, seed: SEED });
const batch = createSessionBatch(BATCH_ROWS);
const regions = Array.from({ length: REGIONS }, (_, i) => `2101${String(i).padStart(2, "0")}`);
batch.labels = {
  operator: ["unknown", "cmcc"],
  region: ["unknown", ...regions],
  access: ["unknown", "mobile", "fixed"],
};

const cpuSeconds = (since: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

let fillingS = 0;
for (let from = 0; from < SESSIONS; from += BATCH_ROWS) {
  fill(batch, from, Math.min(BATCH_ROWS, SESSIONS - from));
  const before = process.cpuUsage();
  table.apply(batch);
  fillingS += cpuSeconds(before);
}
const residentBytes = process.memoryUsage.rss();
const peakBytes = process.resourceUsage().maxRSS * 1024;

const words = new Uint32Array(LOOK_UPS * 4);
const ports = new Uint16Array(LOOK_UPS).fill(40_000);
const networks = new Int32Array(LOOK_UPS);
const networkOf = regions.map((region) => table.networkOf("cmcc", region));
const atMs = new Float64Array(LOOK_UPS).fill(NOON_MS + 3_700_000);
const found = new Int32Array(LOOK_UPS);
const random = new Random(SEED);

type Put = (at: number, session: number, row: number) => void;
const MIXES: Record<string, Put> = {
  /** Addresses of held prefixes and IPv4 addresses as traffic has them: a third IPv4, homes by their /56. */
  mixed(at, session, row) {
    if (random.next() < 1 / 3) return (MIXES.v4 as Put)(at, session, row);
    if (isMobile(session)) putFramed(words, at, session);
    else {
      putDelegated(words, at, session);
      words[at + 1] = ((words[at + 1] as number) | (random.below(256) << 24)) >>> 0;
    }
    words[at + 3] = random.below(0xffff_ffff);
  },
  v4(at, session, row) {
    words[at] = 0;
    words[at + 1] = 0;
    putV4(words, at, session);
    networks[row] = networkOf[session % REGIONS] as number;
  },
  framed(at, session) {
    putFramed(words, at, session);
    words[at + 3] = random.below(0xffff_ffff);
  },
  absent(at) {
    for (let word = 0; word < 4; word++) words[at + word] = random.below(0xffff_ffff);
  },
};

function measure(mix: string, population: number) {
  const rates: number[] = [];
  let hits = 0;
  for (let run = 0; run < RUNS; run++) {
    words.fill(0);
    for (let row = 0; row < LOOK_UPS; row++) (MIXES[mix] as Put)(row * 4, random.below(population), row);
    const before = process.cpuUsage();
    table.findAll({ words, port: ports, network: networks, atMs }, LOOK_UPS, found);
    rates.push(LOOK_UPS / cpuSeconds(before) / 1e6);
    for (let row = 0; row < LOOK_UPS; row++) hits += Number((found[row] as number) >= 0);
  }
  rates.sort((a, b) => a - b);
  return {
    mix,
    population,
    hits: hits / LOOK_UPS / RUNS,
    median_m_per_s: rates[RUNS >> 1] as number,
    min_m_per_s: rates[0] as number,
    max_m_per_s: rates[RUNS - 1] as number,
  };
}

const before = process.cpuUsage();
table.expire(NOON_MS);
const sweepS = cpuSeconds(before);
const active = Math.min(SESSIONS, 200_000);
const result = {
  sessions: table.totals.sessions,
  holdings: table.totals.holdings,
  table_mb: table.totals.bytes / 1e6,
  resident_mb: residentBytes / 1e6,
  peak_resident_mb: peakBytes / 1e6,
  events_m_per_s: SESSIONS / fillingS / 1e6,
  sweep_s: sweepS,
  seed: SEED,
  look_ups: [
    measure("mixed", active),
    measure("mixed", SESSIONS),
    measure("framed", SESSIONS),
    measure("v4", SESSIONS),
    measure("absent", SESSIONS),
  ],
};

if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  const mb = (megabytes: number) => `${megabytes.toFixed(0)} MB`;
  process.stdout.write(
    `${result.sessions} sessions, ${result.holdings} holdings: table ${mb(result.table_mb)}, ` +
      `process ${mb(result.resident_mb)} (peak ${mb(result.peak_resident_mb)})\n` +
      `events: ${result.events_m_per_s.toFixed(2)} M/s a core; a sweep over all: ${sweepS.toFixed(2)} s\n`,
  );
  for (const { mix, population, hits, ...rate } of result.look_ups)
    process.stdout.write(
      `look-ups, ${mix}, of ${population} sessions: ${rate.median_m_per_s.toFixed(2)} M/s a core ` +
        `(${rate.min_m_per_s.toFixed(2)} to ${rate.max_m_per_s.toFixed(2)}), ${(hits * 100).toFixed(1)} % found\n`,
    );
}
