import { type MonitoredObject, type ObjectMatcher, prefixRange } from "@v6meter/schemas";
import { sqlFile } from "@v6meter/sql";
import type { Store } from "@v6meter/store";
import { z } from "zod";
import type { Question } from "./question.ts";
import { type Bound, BUCKET, CLASS_PARAMETERS } from "./statement.ts";

/** What is asked of objects. The period is whole days of Asia/Shanghai. */
export interface ObjectQuestion extends Pick<Question, "period"> {
  readonly interval: "1d" | "1mo" | null;
  /** Operators of the subscriber side; all where none is given. */
  readonly operators: readonly string[];
}

/** Traffic of objects together; a flow that fits several of their matchers counts once. */
export interface ObjectTraffic {
  readonly v6Bytes: string;
  readonly v4Bytes: string;
  readonly totalBytes: string;
  /** Null where there is no traffic. */
  readonly share: number | null;
}

export interface ObjectAnswer {
  readonly rows: readonly (ObjectTraffic & { readonly atMs: number })[];
  readonly total: ObjectTraffic;
}

/** Parameters of a statement by number, so that nothing a file says becomes part of its text. */
class Parameters {
  readonly values: Record<string, unknown> = {};

  bind(value: unknown, type: string): string {
    const name = `match_${Object.keys(this.values).length}`;
    this.values[name] = value;
    return `{${name}:${type}}`;
  }
}

function condition(it: ObjectMatcher, bind: Parameters["bind"]): string {
  const all: string[] = [];
  if (it.exporter !== undefined) all.push(`exporter = toIPv6(${bind(it.exporter, "String")})`);
  if (it.interface !== undefined) {
    const index = bind(it.interface, "UInt32");
    all.push(`(in_if = ${index} OR out_if = ${index})`);
  }
  if (it.prefix !== undefined) {
    const range = prefixRange(it.prefix);
    if (range === null) throw new RangeError(`${it.prefix} is no prefix`);
    all.push(`remote BETWEEN toIPv6(${bind(range.first, "String")}) AND toIPv6(${bind(range.last, "String")})`);
  }
  if (it.asn !== undefined) all.push(`remote_as = ${bind(it.asn, "UInt32")}`);
  if (it.port !== undefined) all.push(`remote_port = ${bind(it.port, "UInt16")}`);
  return `(${all.join(" AND ")})`;
}

/** The statement of the traffic of objects together; null where none of them names any. */
export function objectStatement(objects: readonly MonitoredObject[], question: ObjectQuestion): Bound | null {
  const matchers = objects.flatMap(({ match }) => match);
  const parameters = new Parameters();
  const part = (grain: string, its: readonly ObjectMatcher[]) => {
    const any = its.map((it) => condition(it, (value, type) => parameters.bind(value, type)));
    return `SELECT bucket_at, v6_bytes, v4_bytes
FROM
(
${sqlFile(`indicators/${grain}.sql`)}
)
WHERE (empty({operators:Array(String)}) OR operator IN {operators:Array(String)})
  AND (${any.join("\n  OR ")})`;
  };
  const atExporters = matchers.filter(({ exporter }) => exporter !== undefined);
  const farSides = matchers.filter(({ exporter }) => exporter === undefined);
  const parts = [
    ...(farSides.length > 0 ? [part("remotes", farSides)] : []),
    ...(atExporters.length > 0 ? [part("interfaces", atExporters)] : []),
  ];
  if (parts.length === 0) return null;
  const sql = `SELECT
  toUInt8(grouping(at_s)) AS is_total,
  at_s,
  toString(sum(toUInt128(v6_bytes)) AS v6) AS v6_text,
  toString(sum(toUInt128(v4_bytes)) AS v4) AS v4_text,
  toString(v6 + v4) AS total_text,
  toFloat64(v6) / nullIf(toFloat64(v6 + v4), 0) AS share
FROM
(
  SELECT ${BUCKET} AS at_s, v6_bytes, v4_bytes
  FROM
  (
${parts.join("\nUNION ALL\n")}
  )
)
GROUP BY GROUPING SETS ((at_s), ())
ORDER BY is_total DESC, at_s`;
  return {
    sql,
    params: {
      ...CLASS_PARAMETERS,
      ...parameters.values,
      from_s: question.period.fromMs / 1_000,
      to_s: question.period.toMs / 1_000,
      interval: question.interval ?? "",
      operators: question.operators,
    },
  };
}

const row = z.object({
  is_total: z.int(),
  at_s: z.int(),
  v6_text: z.string(),
  v4_text: z.string(),
  total_text: z.string(),
  share: z.number().nullable(),
});

const NOTHING: ObjectTraffic = { v6Bytes: "0", v4Bytes: "0", totalBytes: "0", share: null };

/** The traffic of objects together, by intervals and in total. */
export async function objectTraffic(
  store: Store,
  objects: readonly MonitoredObject[],
  question: ObjectQuestion,
): Promise<ObjectAnswer> {
  const bound = objectStatement(objects, question);
  if (bound === null) return { rows: [], total: NOTHING };
  const name = `traffic of ${objects
    .map(({ id }) => id)
    .join(", ")
    .slice(0, 100)}`;
  const params = z.record(z.string(), z.unknown());
  const found = await store.query({ name, sql: bound.sql, params, row }, bound.params);
  const trafficOf = (it: z.output<typeof row>): ObjectTraffic => ({
    v6Bytes: it.v6_text,
    v4Bytes: it.v4_text,
    totalBytes: it.total_text,
    share: it.share,
  });
  const total = found.find(({ is_total }) => is_total === 1);
  return {
    rows:
      question.interval === null
        ? []
        : found.filter(({ is_total }) => is_total === 0).map((it) => ({ atMs: it.at_s * 1_000, ...trafficOf(it) })),
    total: total ? trafficOf(total) : NOTHING,
  };
}
