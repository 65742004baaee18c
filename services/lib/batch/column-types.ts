import type { Kind } from "@v6meter/schemas";
import {
  type DataType,
  Dictionary,
  FixedSizeBinary,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from "apache-arrow";

/** Bytes of an address column's element. */
export const ADDRESS_BYTES = 16;

/**
 * Arrow type of a flow column of each kind. ClickHouse reads Timestamp(ms, UTC) as
 * DateTime64(3, 'UTC'), FixedSizeBinary(16) into IPv6 and a dictionary into LowCardinality(String).
 */
export const COLUMN_TYPES: Record<Exclude<Kind, "label">, DataType> = {
  u8: new Uint8(),
  u16: new Uint16(),
  u32: new Uint32(),
  u64: new Uint64(),
  time: new TimestampMillisecond("UTC"),
  ip: new FixedSizeBinary(ADDRESS_BYTES),
};

/** Arrow type of the label column with this dictionary id (ids are unique in a stream). */
export function labelType(id: number): Dictionary<Utf8, Uint16> {
  return new Dictionary(new Utf8(), new Uint16(), id, false);
}
