import { createSessionBatch, SESSION_LABEL_NAMES, type SessionBatch, type SessionLabelName } from "@v6meter/schemas";
import { defineQuery, type Store } from "@v6meter/store";
import { z } from "zod";

/** Rows of a page, about: names are hashes, so pages of as many names are alike. */
const PAGE_ROWS = 50_000;
const NAMES = 2n ** 64n;

const COLUMNS = [
  "event_at",
  "started_at",
  "status_type",
  "nas",
  "session",
  "subscriber",
  "subscriber_next",
  "rotates_at",
  "framed_ip_address",
  "port_first",
  "port_last",
  "framed_ipv6_address",
  "framed_ipv6_prefix",
  "framed_ipv6_prefix_length",
  "delegated_ipv6_prefix",
  "delegated_ipv6_prefix_length",
] as const;
const LISTS = { operator: "operators", region: "regions", access: "accesses" } as const;
const hexadecimal = z.string();
const words = z.array(z.string());

const countQuery = defineQuery({
  name: "sessions-count",
  params: z.strictObject({}),
  row: z.object({ rows: z.string().transform(Number) }),
});

const pageQuery = defineQuery({
  name: "sessions-page",
  params: z.strictObject({ from: z.string(), to: z.string(), since_ms: z.int() }),
  row: z.object({
    rows: z.int(),
    ...(Object.fromEntries(COLUMNS.map((name) => [`${name}_hex`, hexadecimal])) as Record<
      `${(typeof COLUMNS)[number]}_hex`,
      typeof hexadecimal
    >),
    operators: words,
    regions: words,
    accesses: words,
  }),
});
type Page = z.output<typeof pageQuery.row>;

function batchOf(page: Page): SessionBatch {
  const batch = createSessionBatch(page.rows);
  batch.rows = page.rows;
  for (const name of COLUMNS) {
    const { buffer, byteOffset, byteLength } = batch.columns[name];
    Buffer.from(buffer, byteOffset, byteLength).write(page[`${name}_hex`], "hex");
  }
  const labels = Object.fromEntries(
    SESSION_LABEL_NAMES.map((name) => [name, numbered(page[LISTS[name]], batch.columns[name])]),
  );
  batch.labels = labels as Record<SessionLabelName, string[]>;
  return batch;
}

/** Writes the numbers of words into a column; gives the words by number. */
function numbered(list: readonly string[], column: Uint16Array): string[] {
  const numbers = new Map<string, number>([["unknown", 0]]);
  for (const [row, word] of list.entries()) {
    const number = numbers.get(word) ?? numbers.size;
    numbers.set(word, number);
    column[row] = number;
  }
  return [...numbers.keys()];
}

/**
 * Reads from the store what is known of sessions that have not ended or ended since a moment, a page after the other.
 */
export async function loadSessions(
  store: Store,
  sinceMs: number,
  take: (batch: SessionBatch) => void,
  pageRows = PAGE_ROWS,
): Promise<void> {
  const [count] = await store.query(countQuery, {});
  const pages = BigInt(Math.max(1, Math.ceil((count?.rows ?? 0) / pageRows)));
  for (let page = 0n; page < pages; page++) {
    const from = (NAMES * page) / pages;
    const to = (NAMES * (page + 1n)) / pages - 1n;
    const params = { from: String(from), to: String(to), since_ms: Math.floor(sinceMs) };
    for (const row of await store.query(pageQuery, params)) take(batchOf(row));
  }
}
