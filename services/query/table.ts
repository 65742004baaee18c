import { api } from "@v6meter/schemas";
import {
  Bool,
  type DataType,
  Field,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import { z } from "zod";
import { csvText, preferredType } from "./accept.ts";
import { isKnown } from "./entity-tag.ts";
import { pageOf } from "./paging.ts";
import { keepSuppressed } from "./snapshots/compare.ts";

const ARROW = "application/vnd.apache.arrow.stream";
const PARQUET = "application/vnd.apache.parquet";
const TYPES = ["application/json", "text/csv", ARROW, PARQUET] as const;
type TableType = Exclude<(typeof TYPES)[number], "application/json">;

/** How an answer's rows become a table: the schema of a row, and the columns an answer has. */
export interface RowTable {
  readonly row: z.ZodObject;
  columns(answer: never): readonly string[];
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The table of the rows of an answer, where the route also answers CSV, Arrow and Parquet. */
    table?: RowTable;
  }
}

type Row = Readonly<Record<string, unknown>>;
type Answer = { readonly rows: readonly Row[] };

interface ColumnType {
  readonly arrow: DataType;
  readonly parquet: BasicType;
  cell(value: unknown): unknown;
}

const orNull = (value: unknown) => value ?? null;

/** Integers of 64 bits are text as in JSON: a float would round them. */
const COLUMN_TYPES = {
  text: { arrow: new Utf8(), parquet: "STRING", cell: orNull },
  instant: {
    arrow: new TimestampMillisecond("UTC"),
    parquet: "TIMESTAMP",
    cell: (value) => (typeof value === "string" ? new Date(value) : null),
  },
  number: { arrow: new Float64(), parquet: "DOUBLE", cell: orNull },
  // JSON leaves out what is not so.
  flag: { arrow: new Bool(), parquet: "BOOLEAN", cell: (value) => value === true },
} as const satisfies Record<string, ColumnType>;

function columnType(row: z.ZodObject, name: string): keyof typeof COLUMN_TYPES {
  let schema: unknown = row.shape[name];
  while (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) schema = schema.unwrap();
  if (schema === api.instant) return "instant";
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodLiteral ? "flag" : "text";
}

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly unknown[];
}

/** The columns of an answer's table; a row that may be suppressed says so, as an empty cell has other reasons. */
function columnsOf({ row, columns }: RowTable, answer: Answer): Column[] {
  const names = [...columns(answer as never), ...("suppressed" in row.shape ? ["suppressed"] : [])];
  return names.map((name) => {
    const type: ColumnType = COLUMN_TYPES[columnType(row, name)];
    return { name, type, values: answer.rows.map((it) => type.cell(it[name])) };
  });
}

/** Uncompressed, so that any reader of Arrow reads it; always one batch, of no rows too. */
function arrowStream(columns: readonly Column[], rows: number): Uint8Array {
  const schema = new Schema(columns.map(({ name, type }) => new Field(name, type.arrow, true)));
  const children = columns.map(
    ({ type, values }) => vectorFromArray([...values], type.arrow).data[0] ?? makeData({ type: type.arrow, length: 0 }),
  );
  const data = makeData({ type: new Struct(schema.fields), length: rows, children });
  return RecordBatchStreamWriter.writeAll([new RecordBatch(schema, data)]).toUint8Array(true);
}

function parquetFile(columns: readonly Column[]): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map(({ name, type, values }) => ({ name, type: type.parquet, data: [...values] })),
    }),
  );
}

/** The rows of an answer in a media type of tables: CSV as text, else bytes. */
export function encodeTable(type: TableType, table: RowTable, answer: Answer): string | Uint8Array {
  if (type === "text/csv") return csvText(table.columns(answer as never), answer.rows);
  const columns = columnsOf(table, answer);
  return type === ARROW ? arrowStream(columns, answer.rows.length) : parquetFile(columns);
}

/** What an Accept header asks for of a route's answer: its table, or null for the whole of it as JSON. */
export function tableOf(
  request: FastifyRequest,
  answer: object,
): { type: string; content: string | Uint8Array } | null {
  const { table } = request.routeOptions.config;
  const type = preferredType(request.headers.accept, TYPES);
  if (table === undefined || type === "application/json") return null;
  const content = encodeTable(type, table, answer as Answer);
  return { type: type === "text/csv" ? "text/csv; charset=utf-8" : type, content };
}

/** Content of a 200 by media type, as OpenAPI has it: the answer as JSON, or its rows as a table. */
export function tableContent<T extends z.ZodType>(answer: T) {
  return {
    "application/json": { schema: answer },
    "text/csv": { schema: z.string() },
    [ARROW]: { schema: z.any().describe("An Arrow IPC stream of the rows") },
    [PARQUET]: { schema: z.any().describe("A Parquet file of the rows") },
  };
}

/**
 * Answers as Accept asks; what is `closed` is tagged by its content, and 304 where the client has it. A table keeps
 * hidden what the snapshot of its month hides, as JSON does.
 */
export function sendTable(
  request: FastifyRequest,
  reply: FastifyReply,
  { answer, closed }: { readonly answer: object; readonly closed: boolean },
): FastifyReply {
  const all = keepSuppressed(request.computedNow?.kept ?? null, answer);
  const told = pageOf(request, reply, { answer: all, snapshot: null });
  const table = tableOf(request, told);
  reply.header("vary", "accept");
  if (closed && isKnown(request, reply, table?.content ?? told)) return reply.send(null);
  return reply.type(table?.type ?? "application/json").send(table?.content ?? told);
}
