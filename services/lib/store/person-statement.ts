import { text } from "node:stream/consumers";
import type { ClickHouseClient } from "@clickhouse/client";
import { Fault } from "@v6meter/schemas";
import { engineReason, isEngineError } from "./engine-fault.ts";
import type { RawLimits, RawResult } from "./port.ts";
import { refusal } from "./statement-fence.ts";

/** Bytes of an answer: it is read as one JSON text. */
const RESULT_MAX_BYTES = 134_217_728;

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** What a session for a person's statements is set to, `readonly` last: after it nothing can be set. */
export function limitSettings(limits: RawLimits): string {
  const settings = {
    max_execution_time: limits.maxExecutionS,
    timeout_overflow_mode: "throw",
    max_result_rows: limits.maxRows,
    max_result_bytes: RESULT_MAX_BYTES,
    result_overflow_mode: "throw",
    max_memory_usage: limits.maxMemoryBytes,
    output_format_json_quote_64bit_integers: 1,
    output_format_json_quote_decimals: 1,
    output_format_json_quote_denormals: 1,
    session_timezone: "UTC",
    readonly: 1,
  };
  const assignments = Object.entries(settings).map(([name, value]) =>
    typeof value === "number" ? `${name} = ${value}` : `${name} = ${quoted(value)}`,
  );
  return `SET ${assignments.join(", ")}`;
}

/**
 * The lines a statement answers. The format is asked for beside the statement: written behind it, as the
 * client does otherwise, it would become a part of the statement that EXPLAIN AST takes apart.
 */
async function lines(session: ClickHouseClient, query: string): Promise<string[]> {
  const { stream } = await session.exec({ query, clickhouse_settings: { default_format: "JSONCompactEachRow" } });
  const answer = await text(stream);
  return answer.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as [string])));
}

/**
 * Runs a person's statement in a session of its own that is read-only and limited (see `limitSettings`).
 *
 * The engine reads it first: formatQuerySingleLine() takes exactly one statement and writes it anew,
 * without comments; its tree is judged (see `refusal`); and what was judged is what runs. Throws
 * QUERY_REFUSED with the reason in a sentence.
 */
export async function runPersonStatement(session: ClickHouseClient, statement: string): Promise<RawResult> {
  try {
    const [normal = ""] = await lines(session, `SELECT formatQuerySingleLine(${quoted(statement)})`);
    const refused = refusal(await lines(session, `EXPLAIN AST ${normal}`));
    if (refused) throw new Fault("QUERY_REFUSED", refused);
    const answer = await session.query({ query: normal, format: "JSONCompact" });
    const { meta = [], data } = await answer.json<unknown[]>();
    return { columns: meta.map(({ name, type }) => ({ name, type })), rows: data };
  } catch (error) {
    if (isEngineError(error)) throw new Fault("QUERY_REFUSED", engineReason(error), { cause: error });
    throw error;
  }
}
