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
}
