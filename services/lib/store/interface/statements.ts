import { Fault } from "@v6meter/schemas";
import type { Session } from "chdb";
import type { Engine } from "../embedded.ts";
import { PASSING_CODES } from "../engine-fault.ts";
import { INSERT_SETTINGS } from "../insert-settings.ts";
import { engineLimits, JUDGING_SETTINGS, judge, quoted, quotedName, statementLimits } from "../person-statement.ts";
import type { RawLimits, Sight } from "../port.ts";
import { exceptionOf, SqlException } from "./exception.ts";
import { FORMATS } from "./formats.ts";
import { type BodyInsert, listedColumns, selectedColumns } from "./insert-statement.ts";
import { readerSettings } from "./reader-settings.ts";
import type { SqlRequest } from "./request.ts";

/** What a statement answered. */
export interface Answer {
  readonly bytes: Uint8Array;
  readonly format: string;
  readonly timezone: string;
  /** Rows of the answer. */
  readonly rows: number;
  readonly elapsedS: number;
}

type Settings = Readonly<Record<string, number | string | boolean | undefined>>;

/** Statements that only read, told by their first word: they need not wait for what writes. */
const READING = /^(?:\s|\(|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:SELECT|WITH|SHOW|DESC|DESCRIBE|EXPLAIN|EXISTS)\b/i;
const FORMAT_AT_END = /\bFORMAT\s+(\w+)\s*;?\s*$/i;

/** An answer is held in memory until it is sent. */
const ANSWER_MAX_BYTES = 268_435_456;

const TIMEZONE_DEFAULT = "UTC";

/** A value as SQL writes it, NUL characters too, at which the engine would end the statement. */
function quotedWhole(value: string): string {
  return quoted(value).replaceAll("\0", "\\0");
}

async function set(session: Session, settings: Settings): Promise<void> {
  const assignments = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} = ${typeof value === "string" ? quotedWhole(value) : Number(value)}`],
  );
  if (assignments.length > 0) await session.queryAsync(`SET ${assignments.join(", ")}`);
}

async function lines(session: Session, query: string): Promise<string[]> {
  const answer = await session.queryAsync(query, { format: "JSONCompactEachRow" });
  return answer
    .text()
    .split("\n")
    .flatMap((line) => (line === "" ? [] : (JSON.parse(line) as [string])));
}

async function use(session: Session, database: string | null): Promise<void> {
  if (database !== null && database !== "") {
    await session.queryAsync(`USE ${quotedName(database)}`);
  }
}

/** A statement on its way. */
export interface Running {
  /** Known to nobody else: by it the statement can be ended, and no other one is. */
  readonly tag: string;
  /** Becomes true when nobody waits for the answer any more. */
  readonly abandoned: () => boolean;
}

function stillWanted({ abandoned }: Running): void {
  if (abandoned()) throw new SqlException(394, "QUERY_WAS_CANCELLED", "The client went away before the statement ran.");
}

async function answered(session: Session, statement: string, request: SqlRequest, format: string): Promise<Answer> {
  const result = await session.queryAsync(statement, { format });
  return {
    bytes: result.bytes(),
    format,
    timezone: request.settings.session_timezone || TIMEZONE_DEFAULT,
    rows: result.rowsRead,
    elapsedS: result.elapsed,
  };
}

/**
 * Runs a reader's statement: judged on the engine's own reading of it as every person's is, its FORMAT and
 * settings from lists of what is allowed, in a session where readonly was set last.
 */
export async function runReaders(
  engine: Engine,
  request: SqlRequest,
  statement: string,
  { limits, sight }: { limits: RawLimits; sight: Sight },
  running: Running,
): Promise<Answer> {
  const chosen = readerSettings(request.settings, limits, engine.config.max_threads);
  const analyst = sight === "analyst" ? analystOf(engine, request) : null;
  const judged = await engine.read(async (session) => {
    stillWanted(running);
    await set(session, { ...JUDGING_SETTINGS, ...request.bound, readonly: 1 });
    return refusing(() => judge((query) => lines(session, query), statement, analyst));
  });
  const format = judged.format ?? request.format;
  if (!FORMATS.has(format)) {
    throw new SqlException(73, "UNKNOWN_FORMAT", `The format ${format} is not one that a reader may ask for.`);
  }
  return engine.read(async (session) => {
    stillWanted(running);
    await use(session, analyst ?? request.database);
    await set(session, {
      ...engineLimits(engine.config),
      ...statementLimits(limits),
      session_timezone: TIMEZONE_DEFAULT,
      ...chosen,
      ...request.bound,
      log_comment: running.tag,
      readonly: 1,
    });
    return answered(session, judged.statement, request, format);
  });
}

/** Databases that clients name where nobody told them one. */
const UNNAMED: ReadonlySet<string> = new Set(["", "default", "__default__"]);

/** The database of an analyst's request, which is always theirs. */
function analystOf(engine: Engine, { database }: SqlRequest): string {
  const { analyst_database: analyst } = engine.config;
  if (analyst !== null && (database === analyst || UNNAMED.has(database ?? ""))) return analyst;
  const allowed = analyst ?? "none: store.analyst_database is null";
  throw new SqlException(
    497,
    "ACCESS_DENIED",
    `Not enough privileges: the database ${database}; allowed is ${allowed}.`,
  );
}

/** The fence's refusal as the engine would have told it. */
async function refusing<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof Fault && error.code === "QUERY_REFUSED") {
      throw new SqlException(497, "ACCESS_DENIED", `Not enough privileges: ${error.message}`);
    }
    throw error;
  }
}

function ownSettings(engine: Engine, request: SqlRequest, maxExecutionS: number, running: Running): Settings {
  return {
    max_threads: engine.config.max_threads,
    max_memory_usage_for_user: String(engine.config.max_memory_bytes),
    max_execution_time: maxExecutionS,
    max_result_bytes: ANSWER_MAX_BYTES,
    session_timezone: TIMEZONE_DEFAULT,
    ...request.settings,
    ...request.bound,
    log_comment: running.tag,
    // A GET changes nothing, whoever sends it.
    ...(request.isGet ? { readonly: 2 } : {}),
  };
}

/** Runs a statement of a user who may do everything. */
export function runOwners(
  engine: Engine,
  request: SqlRequest,
  statement: string,
  maxExecutionS: number,
  running: Running,
): Promise<Answer> {
  const reading = READING.test(statement);
  const [, format = request.format] = FORMAT_AT_END.exec(statement) ?? [];
  return (reading ? engine.read : engine.write)(async (session) => {
    stillWanted(running);
    await use(session, request.database);
    await set(session, ownSettings(engine, request, maxExecutionS, running));
    return answered(session, statement, request, format);
  });
}

/**
 * Unpacks a file by the engine, for encodings that Node.js has no reader of, and returns what was in it,
 * never more than so many bytes.
 */
export function unpackedByEngine(
  engine: Engine,
  path: string,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  return engine.read(async (session) => {
    const source = `file(${quoted(path)}, 'RawBLOB', 'bytes String', ${quoted(encoding)})`;
    await set(session, { max_memory_usage: 4 * maxBytes, max_result_bytes: maxBytes, result_overflow_mode: "throw" });
    const result = await session.queryAsync(`SELECT bytes FROM ${source}`, { format: "RawBLOB" });
    return result.bytes();
  });
}

/** Formats that say their columns' names and types themselves. */
const SELF_DESCRIBING: ReadonlySet<string> = new Set(["Arrow", "ArrowStream", "Native", "Parquet", "ORC"]);

/** The received rows as a table function; formats that do not describe themselves are read as the table's columns. */
async function sourceOf(session: Session, insert: BodyInsert, path: string): Promise<string> {
  const place = `file(${quoted(path)}, ${quoted(insert.format)}`;
  if (SELF_DESCRIBING.has(insert.format)) return `${place})`;
  const described = await session.queryAsync(`DESCRIBE TABLE ${insert.table}`, { format: "JSONCompactEachRow" });
  const rows = described
    .text()
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as [name: string, type: string, kind: string]]));
  const types = new Map(
    rows.flatMap(([name, type, kind]) => (/^(?:|DEFAULT|EPHEMERAL)$/.test(kind) ? [[name, type]] : [])),
  );
  const names = listedColumns(insert) ?? rows.flatMap(([name, , kind]) => (/^(?:|DEFAULT)$/.test(kind) ? [name] : []));
  const structure = names.map((name) => {
    const type = types.get(name);
    if (type) return `${quotedName(name)} ${type}`;
    throw new SqlException(
      16,
      "NO_SUCH_COLUMN_IN_TABLE",
      `The table ${insert.table} has no column ${name} to insert into.`,
    );
  });
  return `${place}, ${quoted(structure.join(", "))})`;
}

/** Runs an INSERT whose rows were received into a file, which is gone afterwards. */
export async function runInsert(
  engine: Engine,
  request: SqlRequest,
  insert: BodyInsert,
  received: string,
  maxExecutionS: number,
  running: Running,
): Promise<Answer> {
  const token = request.settings.insert_deduplication_token;
  let path = received;
  return engine.write(async (session) => {
    if (token) path = await engine.files.claim(token, received);
    try {
      await use(session, request.database);
      const settings = ownSettings(engine, request, maxExecutionS, running);
      // Rows that are selected from a file are deduplicated as those of a plain insert under these settings only.
      await set(session, token ? { ...settings, ...(INSERT_SETTINGS as Settings) } : settings);
      const source = await sourceOf(session, insert, path);
      const statement = `INSERT INTO ${insert.table} ${insert.columns} ${insert.settings} SELECT ${selectedColumns(insert)} FROM ${source}`;
      const answer = await answered(session, statement, request, request.format);
      await engine.files.remove(path);
      return answer;
    } catch (error) {
      // A refused insert is not tried again as it is, so its bytes must not stand in for better ones.
      if (!token || !PASSING_CODES.has(String(exceptionOf(error).code))) await engine.files.remove(path);
      throw error;
    }
  });
}
