import {
  Bool,
  type Data,
  type DataType,
  Field,
  FixedSizeBinary,
  Float64,
  Int64,
  Schema,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
} from "apache-arrow";
import { ADDRESS_BYTES } from "./column-types.ts";
import { fixedSizeColumn, recordBatch, writeStream } from "./stream.ts";
import { utf8Column } from "./utf8-column.ts";

/** Values of a column of a small table, by kind. */
export interface TableValues {
  u8: readonly number[];
  u16: readonly number[];
  u32: readonly number[];
  /** Numbers must be integers below 2^53. */
  u64: readonly (number | bigint)[];
  /** Numbers must be integers below 2^53 in amount. */
  i64: readonly (number | bigint)[];
  f64: readonly number[];
  /** Milliseconds since 1970-01-01 UTC. */
  time: readonly number[];
  /** 16 bytes each, IPv4 as ::ffff:a.b.c.d. */
  ip: readonly Uint8Array[];
  string: readonly string[];
  bool: readonly boolean[];
}

/** A column of a small table. */
export type TableColumn = { [K in keyof TableValues]: { kind: K; values: TableValues[K] } }[keyof TableValues];

/** A small table by column name; all columns have the same number of values. */
export type TableColumns = Readonly<Record<string, TableColumn>>;

function bits(values: readonly boolean[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries()) if (value) packed[i >> 3] = (packed[i >> 3] as number) | (1 << (i & 7));
  return packed;
}

function addresses(values: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(values.length * ADDRESS_BYTES);
  for (const [i, value] of values.entries()) {
    if (value.length !== ADDRESS_BYTES)
      throw new TypeError(`an address has ${value.length} bytes, not ${ADDRESS_BYTES}`);
    bytes.set(value, i * ADDRESS_BYTES);
  }
  return bytes;
}

function tableData({ kind, values }: TableColumn): Data {
  const plain = (type: DataType, data: ArrayBufferView): Data => fixedSizeColumn(type, values.length, data);
  switch (kind) {
    case "u8":
      return plain(new Uint8(), Uint8Array.from(values));
    case "u16":
      return plain(new Uint16(), Uint16Array.from(values));
    case "u32":
      return plain(new Uint32(), Uint32Array.from(values));
    case "u64":
      return plain(new Uint64(), BigUint64Array.from(values, BigInt));
    case "i64":
      return plain(new Int64(), BigInt64Array.from(values, BigInt));
    case "f64":
      return plain(new Float64(), Float64Array.from(values));
    case "time":
      return plain(new TimestampMillisecond("UTC"), BigInt64Array.from(values, BigInt));
    case "ip":
      return plain(new FixedSizeBinary(ADDRESS_BYTES), addresses(values));
    case "bool":
      return plain(new Bool(), bits(values));
    case "string":
      return utf8Column(values);
  }
}

/**
 * Encodes a small table (ledger, exporters) as an Arrow IPC stream of one record batch. Not for flow
 * records. Throws a TypeError where columns differ in length and a RangeError where a 64-bit column
 * holds a number that is not an integer: both are errors of the program.
 */
export function encodeTable(columns: TableColumns): Uint8Array {
  const names = Object.keys(columns);
  const data = Object.values(columns).map(tableData);
  const rows = data[0]?.length ?? 0;
  for (const [i, { length }] of data.entries()) {
    if (length !== rows) throw new TypeError(`column ${names[i]} has ${length} values, not ${rows} as ${names[0]}`);
  }
  const schema = new Schema(data.map(({ type }, i) => new Field(names[i] as string, type, false)));
  return writeStream(schema, [recordBatch(schema, rows, data)]);
}
