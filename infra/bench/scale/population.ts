import { createSessionBatch, SESSION_STATUS_TYPES, type SessionBatch, setU64 } from "@v6meter/schemas";
import type { SessionTable } from "@v6meter/sessions";
import { BATCH_ROWS, NOON_MS } from "./flows.ts";

/** Of ten subscribers so many are mobile: a /64; the others are homes, with a /56. */
const MOBILE_OF_TEN = 7;
const REGIONS = 14;
/** When all sessions began. */
const BEGAN_MS = NOON_MS - 3_600_000;

/** Prefixes of the province: mobile subscribers' 2409:8914::/32 and homes' 2409:8a14::/30, in memory order. */
const MOBILE_WORD = 0x1489_0924;
const HOME_WORD = 0x148a_0924;
/** Homes' /56s there are. */
const HOMES = 2 ** 26;

const isMobile = (session: number) => session % 10 < MOBILE_OF_TEN;

/** A permutation of 32 bits (MurmurHash3's last step): prefixes that lie anywhere, each once. */
function scattered(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Writes an address of the prefix that a session holds, in memory order; `host` is its lower half. */
export function putAddress(words: Uint32Array, at: number, session: number, host: number): void {
  putPrefix(words, at, session);
  if (!isMobile(session)) words[at + 1] = ((words[at + 1] as number) | (host << 24)) >>> 0;
  words[at + 2] = host;
  words[at + 3] = host;
}

function putPrefix(words: Uint32Array, at: number, session: number): void {
  if (isMobile(session)) {
    words[at] = MOBILE_WORD;
    words[at + 1] = scattered(session);
    return;
  }
  // An odd factor permutes the numbers.
  const home = Math.imul(session, 0x2545_f491) & (HOMES - 1);
  words[at] = HOME_WORD + (home >>> 24) * 0x100_0000;
  // The third byte of four is the last of a /56.
  words[at + 1] = home & 0xff_ffff;
}

function fill(batch: SessionBatch, from: number, rows: number): void {
  const { columns } = batch;
  const framed = new Uint32Array(columns.framed_ipv6_prefix.buffer);
  const delegated = new Uint32Array(columns.delegated_ipv6_prefix.buffer);
  framed.fill(0);
  delegated.fill(0);
  for (let row = 0; row < rows; row++) {
    const session = from + row;
    const mobile = isMobile(session);
    columns.status_type[row] = SESSION_STATUS_TYPES.start;
    setU64(columns.event_at, row, BEGAN_MS);
    columns.nas[row * 2] = session % 400;
    columns.session[row * 2] = session;
    columns.session[row * 2 + 1] = 1;
    columns.subscriber[row * 2] = session;
    columns.subscriber[row * 2 + 1] = 1;
    columns.operator[row] = 1;
    columns.region[row] = 1 + (session % REGIONS);
    columns.access[row] = mobile ? 1 : 2;
    putPrefix(mobile ? framed : delegated, row * 4, session);
    columns.framed_ipv6_prefix_length[row] = mobile ? 64 : 0;
    columns.delegated_ipv6_prefix_length[row] = mobile ? 0 : 56;
  }
  batch.rows = rows;
}

/** Begins so many sessions in a table. */
export function beginSessions(table: SessionTable, sessions: number): void {
  const batch = createSessionBatch(BATCH_ROWS);
  batch.labels = {
    operator: ["unknown", "mobile"],
    region: ["unknown", ...Array.from({ length: REGIONS }, (_, i) => String(210_100 + 100 * i))],
    access: ["unknown", "mobile", "fixed"],
  };
  for (let from = 0; from < sessions; from += BATCH_ROWS) {
    fill(batch, from, Math.min(BATCH_ROWS, sessions - from));
    table.apply(batch);
  }
}
