import { expect } from "vitest";
import { z } from "zod";
import { defineQuery } from "./define-query.ts";
import type { Store } from "./port.ts";

const KEY =
  "region, operator, access, family, technology, flow_direction, observation_point, toString(exporter) AS router, counted";

const SUMS: Record<"flows" | "rollup", string> = {
  flows: `count() AS n, sum(f.bytes) AS b, sum(f.packets) AS p,
    sum(f.bytes * if(f.sampling_rate = 0, 1, f.sampling_rate)) AS bs,
    sum(f.packets * if(f.sampling_rate = 0, 1, f.sampling_rate)) AS ps,
    sum(if(f.sampling_rate = 0, f.bytes, 0)) AS u, sum(f.responder_bytes) AS r`,
  rollup: `sum(f.records) AS n, sum(f.bytes) AS b, sum(f.packets) AS p, sum(f.bytes_scaled) AS bs,
    sum(f.packets_scaled) AS ps, sum(f.bytes_unknown_sampling) AS u, sum(f.responder_bytes) AS r`,
};

/** The start of a row's bucket by arithmetic on seconds: a second way beside the migrations'. */
const BUCKET_S: Record<string, string> = {
  flows_5m: "intDiv(s, 300) * 300",
  flows_1h: "intDiv(s, 3600) * 3600",
  flows_1d: "intDiv(s + 28800, 86400) * 86400 - 28800",
};

const row = z.record(z.string(), z.union([z.string(), z.number()]));

/** The books of a table by every dimension of the rollups: of `flows`, a recount of the rows. */
export function booksOf(store: Store, table: string, from = table): Promise<z.output<typeof row>[]> {
  const seconds = from === "flows" ? "toUnixTimestamp(f.received_at)" : "toUnixTimestamp(f.bucket_at)";
  const bucket = (BUCKET_S[table] ?? "0").replaceAll(/\bs\b/g, seconds);
  const sums = SUMS[from === "flows" ? "flows" : "rollup"];
  const sql = `SELECT ${bucket} AS at, ${KEY}, ${sums} FROM ${from} AS f GROUP BY ALL ORDER BY ALL`;
  return store.query(defineQuery({ name: `books of ${from}`, sql, params: z.strictObject({}), row }), {});
}

/** The rollups hold what a recount of the rows gives, in every bucket and dimension. */
export async function expectRollupsEqualRecount(store: Store): Promise<void> {
  for (const rollup of ["flows_5m", "flows_1h", "flows_1d"]) {
    const recount = await booksOf(store, rollup, "flows");
    expect(recount.length).toBeGreaterThan(0);
    expect(await booksOf(store, rollup), rollup).toEqual(recount);
  }
  for (const { rollup, held, recounted } of USERS) {
    const [of, again] = [await answerOf(store, held), await answerOf(store, recounted)];
    expect(of, rollup).toEqual(again);
  }
}

/** Days since 1970-01-01 in Asia/Shanghai by arithmetic, as a date. */
const DAY = "toDate(toUInt16(intDiv(toUnixTimestamp(f.received_at) + 28800, 86400)))";
const PLACE = "region, operator, access, active_family";

/** Rollups of users with what a recount of the rows gives: unique subscribers and prefixes, the panel exactly. */
const USERS = [
  ...[
    { rollup: "users_1d", day: DAY },
    { rollup: "users_1mo", day: `toStartOfMonth(${DAY})` },
  ].map(({ rollup, day }) => ({
    rollup,
    held: `SELECT starts_on AS day, ${PLACE}, uniqCombined64Merge(17)(f.subscribers) AS users,
        uniqCombined64Merge(14)(f.prefixes) AS p, uniqCombined64Merge(14)(f.session_prefixes) AS ps
      FROM ${rollup} AS f GROUP BY ALL ORDER BY ALL`,
    recounted: `SELECT ${day} AS day, ${PLACE}, uniqCombined64If(17)(f.subscriber, f.subscriber_method = 'session') AS users,
        uniqCombined64If(14)(f.subscriber_prefix, f.subscriber_prefix > 0) AS p,
        uniqCombined64If(14)(f.subscriber_prefix, f.subscriber_prefix > 0 AND f.subscriber_method = 'session') AS ps
      FROM flows AS f WHERE f.active_family IN (4, 6) GROUP BY ALL ORDER BY ALL`,
  })),
  {
    rollup: "panel_1d",
    held: `SELECT starts_on AS day, ${PLACE}, toString(f.subscriber) AS who, sum(f.records) AS n, sum(f.packets) AS p,
        sum(f.packets_unsampled) AS pu, sum(f.bytes_scaled) AS bs,
        arraySort(groupUniqArrayArray(f.prefixes)) AS list
      FROM panel_1d AS f GROUP BY ALL ORDER BY ALL`,
    recounted: `SELECT ${DAY} AS day, ${PLACE}, toString(f.subscriber) AS who, count() AS n, sum(f.packets) AS p,
        sum(if(f.sampling_rate > 1, 0, f.packets)) AS pu,
        sum(f.bytes * if(f.sampling_rate = 0, 1, f.sampling_rate)) AS bs,
        arraySort(groupUniqArrayIf(f.subscriber_prefix, f.subscriber_prefix > 0)) AS list
      FROM flows AS f
      WHERE f.active_family IN (4, 6) AND bitAnd(f.subscriber, 63) = 0 AND f.subscriber_method = 'session'
      GROUP BY ALL ORDER BY ALL`,
  },
];

function answerOf(store: Store, sql: string): Promise<Record<string, unknown>[]> {
  const rows = z.record(z.string(), z.unknown());
  return store.query(defineQuery({ name: "users", sql, params: z.strictObject({}), row: rows }), {});
}
