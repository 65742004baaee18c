import { api, Fault, type Indicator } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { explain, typesOf } from "./evaluate.ts";
import type { Question } from "./question.ts";
import { stateFunction, statement, type Types } from "./statement.ts";

/** What is wrong with an indicator's statement, and the member it is about. */
export interface Verdict {
  readonly member: string;
  readonly reason: string;
}

const DAY_MS = 86_400_000;

/** A number that sums exactly or as a float; Decimals, dates and texts are none. */
const NUMBER = /^(Nullable\()?(U?Int(8|16|32|64)|Float(32|64))\)?$/;
const KEY = /^(LowCardinality\()?String\)?$/;
/** An exporter is written as text only in the answer. */
const EXPORTER_KEY = /^((LowCardinality\()?String\)?|IPv6)$/;

/**
 * Has the engine judge an indicator: DESCRIBE for its columns and their types, EXPLAIN for the whole statement.
 * Null where all is well. Throws STORE_UNREACHABLE where the engine cannot be asked.
 */
export async function judge(store: Store, indicator: Indicator): Promise<Verdict | null> {
  if (indicator.series !== undefined) return null;
  const member = indicator.sql === undefined ? "grain" : "sql";
  try {
    const types = await typesOf(store, indicator);
    const wrong = wrongType(indicator, types);
    if (wrong) return wrong;
    const question: Question = {
      period: { fromMs: -api.ZONE_OFFSET_MS, toMs: DAY_MS - api.ZONE_OFFSET_MS },
      by: indicator.by,
      interval: "1d",
      filters: {},
    };
    await explain(store, indicator.id, statement(indicator, question, types));
    return null;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "STORE_REFUSED") throw error;
    return { member, reason: `the engine refuses its statement: ${reasonOf(error)}` };
  }
}

function wrongType({ kind, by }: Indicator, types: Types): Verdict | null {
  const bucket = types.bucket_at ?? "nothing";
  if (!/^DateTime/.test(bucket)) return { member: "sql", reason: `bucket_at is ${bucket}; allowed is a DateTime` };
  for (const name of by) {
    const type = types[`key_${name}`] ?? "nothing";
    if (!(name === "exporter" ? EXPORTER_KEY : KEY).test(type))
      return { member: "by", reason: `${name} is ${type}; allowed is what is told as a text` };
  }
  const figure = types.figure ?? "nothing";
  if (kind === "distinct" && stateFunction(figure) === null)
    return {
      member: "value",
      reason: `value is ${figure}; allowed is a state such as AggregateFunction(uniqCombined64, UInt64)`,
    };
  if (kind !== "distinct" && !NUMBER.test(figure))
    return {
      member: kind === "ratio" ? "numerator" : "value",
      reason: `${kind === "ratio" ? "numerator" : "value"} is ${figure}; allowed is a number`,
    };
  for (const member of ["covered", "coverable"] as const)
    if (types[member] !== undefined && stateFunction(types[member]) === null)
      return { member, reason: `${member} is ${types[member]}; allowed is a state of unique values` };
  if (kind === "ratio" && !NUMBER.test(types.divisor ?? ""))
    return { member: "denominator", reason: `denominator is ${types.divisor}; allowed is a number` };
  return null;
}

/** The engine's sentence without what the store wraps around it. */
function reasonOf({ message }: Fault): string {
  return message.replace(/^The query .*? failed: /, "").slice(0, 400);
}
