import { text } from "node:stream/consumers";
import type { ClickHouseClient, DataFormat } from "@clickhouse/client";
import { Fault, type StoreConfig } from "@v6meter/schemas";
import { engineReason, isEngineError } from "./engine-fault.ts";
import type { RawLimits, RawResult } from "./port.ts";
import { analystRefusal, formatTakenApart, refusal, type Surroundings } from "./statement-fence.ts";

/** Bytes of an answer: it is read as one JSON text. */
const RESULT_MAX_BYTES = 134_217_728;

/** A text as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A name of a database or column as SQL writes it. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

/** Sets a fresh session up; `readonly` comes last: after it nothing can be set. */
export function settingsStatement(settings: Readonly<Record<string, number | string>>): string {
  const assignments = Object.entries({ ...settings, readonly: 1 }).map(([name, value]) =>
    typeof value === "number" ? `${name} = ${value}` : `${name} = ${quoted(value)}`,
  );
  return `SET ${assignments.join(", ")}`;
}

/** Settings under which a person's statement is judged. */
export const JUDGING_SETTINGS = { max_execution_time: 10, max_memory_usage: 268_435_456 };

/** Makes a fresh session one that can only read, for judging a person's statement. */
export const JUDGING_SESSION = settingsStatement(JUDGING_SETTINGS);

/** Settings that keep an embedded engine within what it may use. */
export function engineLimits(engine: StoreConfig): Record<string, number> {
  return { max_threads: engine.max_threads, max_memory_usage_for_user: engine.max_memory_bytes };
}

/** Settings that hold a person's statement within the limits. */
export function statementLimits(limits: RawLimits): Record<string, number | string> {
  return {
    max_execution_time: limits.maxExecutionS,
    timeout_overflow_mode: "throw",
    max_result_rows: limits.maxRows,
    max_result_bytes: RESULT_MAX_BYTES,
    result_overflow_mode: "throw",
    max_memory_usage: limits.maxMemoryBytes,
  };
}

/** Settings under which a person's statement runs, and how the values of its answer are written. */
export function limitedSettings(limits: RawLimits): Record<string, number | string> {
  return {
    ...statementLimits(limits),
    output_format_json_quote_64bit_integers: 1,
    output_format_json_quote_decimals: 1,
    output_format_json_quote_denormals: 1,
    session_timezone: "UTC",
  };
}

/** Runs a statement and answers its text in a format. */
export type Ask = (query: string, format: DataFormat) => Promise<string>;

/**
 * Asks by a client. The format is asked for beside the statement: written behind it, as the client does
 * otherwise, it would become a part of the statement that EXPLAIN AST takes apart.
 */
export function askIn(
  client: ClickHouseClient,
  settings: Readonly<Record<string, number | string>> = {},
  signal?: AbortSignal,
): Ask {
  return async (query, format) => {
    const { stream } = await client.exec({
      query,
      clickhouse_settings: { ...settings, default_format: format },
      ...(signal && { abort_signal: signal }),
    });
    return text(stream);
  };
}

async function lines(ask: Ask, query: string): Promise<string[]> {
  const answer = await ask(query, "JSONCompactEachRow");
  return answer.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as [string])));
}

/** The engine's own sentence is the reason a statement is refused. */
async function refusing<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (isEngineError(error)) throw new Fault("QUERY_REFUSED", engineReason(error), { cause: error });
    throw error;
  }
}

/**
 * Judges a person's statement and returns it as it may run. The engine reads it:
 * formatQuerySingleLine() takes exactly one statement and writes it anew, without comments, and its tree
 * is judged (see `refusal`, and `analystRefusal` where the analysts' database is named). What was judged is what
 * runs. Throws QUERY_REFUSED with the reason.
 */
export function judgePersonStatement(ask: Ask, statement: string, analyst: string | null = null): Promise<string> {
  return refusing(async () => {
    const judged = await judge((query) => lines(ask, query), statement, analyst);
    if (judged.format) throw new Fault("QUERY_REFUSED", "FORMAT, SETTINGS and INTO OUTFILE are not allowed.");
    return judged.statement;
  });
}

/**
 * Judges a statement by the engine's two readings of it, which `ask` runs and answers the first column of.
 * Returns it as it may run, and apart from it the FORMAT it asked for. Throws QUERY_REFUSED.
 */
export async function judge(
  ask: (query: string) => Promise<readonly string[]>,
  statement: string,
  analyst: string | null = null,
): Promise<{ statement: string; format: string | null }> {
  // The engine takes a statement as text that ends at the first of them.
  if (statement.includes("\0"))
    throw new Fault("QUERY_REFUSED", "A NUL character is not allowed; within a string it is written \\0.");
  const [normal = ""] = await ask(`SELECT formatQuerySingleLine(${quoted(statement)})`);
  const apart = formatTakenApart(normal);
  const tree = await ask(`EXPLAIN AST ${apart.statement}`);
  const refused =
    refusal(tree) ??
    (analyst === null ? null : analystRefusal(tree, apart.statement, await surroundings(ask, analyst)));
  if (refused) throw new Fault("QUERY_REFUSED", refused);
  return apart;
}

async function surroundings(
  ask: (query: string) => Promise<readonly string[]>,
  analyst: string,
): Promise<Surroundings> {
  const databases = await ask("SELECT name FROM system.databases");
  const ownFunctions = await ask("SELECT lower(name) FROM system.functions WHERE origin != 'System'");
  return {
    analyst,
    databases: new Set([...databases, "_temporary_and_external_tables"]),
    ownFunctions: new Set(ownFunctions),
  };
}

/** An answer in the format JSONCompact. */
interface Answer {
  readonly meta?: readonly { readonly name: string; readonly type: string }[];
  readonly data: unknown[][];
  /** Missing of a statement that reads nothing, such as a listing. */
  readonly statistics?: { readonly elapsed: number; readonly rows_read: number; readonly bytes_read: number };
}

/** Runs a judged statement. Throws QUERY_REFUSED with the engine's reason, limits among them. */
export function runPersonStatement(ask: Ask, judged: string): Promise<RawResult> {
  return refusing(async () => {
    const answer = JSON.parse(await ask(judged, "JSONCompact")) as Answer;
    const { meta = [], data, statistics: spent = { elapsed: 0, rows_read: 0, bytes_read: 0 } } = answer;
    return {
      columns: meta.map(({ name, type }) => ({ name, type })),
      rows: data,
      effort: {
        elapsedMs: Math.round(spent.elapsed * 1_000),
        rowsRead: spent.rows_read,
        bytesRead: spent.bytes_read,
      },
    };
  });
}
