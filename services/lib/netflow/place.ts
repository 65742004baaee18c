import { FIELD_NAMES, type FIELDS, type FieldName } from "@v6meter/schemas";
import type { AddressViews } from "./record-run.ts";

/** Where an element's value is in a record, in bytes from the record's begin; `length` is never 0. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

type ColumnOf<K extends string> = {
  [N in FieldName]: (typeof FIELDS)[N]["kind"] extends K ? N : never;
}[FieldName];
/** Columns of one kind. */
export type U8Column = ColumnOf<"u8">;
export type U16Column = ColumnOf<"u16">;
export type U32Column = ColumnOf<"u32">;
export type U64Column = ColumnOf<"u64">;
export type TimeColumn = ColumnOf<"time">;
/** Address columns that an element can fill. */
export type AddressColumn = Exclude<keyof AddressViews, "exporter">;

/** Where a column stands in `arrays` of a run: found by number in the hot path, not by name. */
export function columnIndex(name: FieldName): number {
  return FIELD_NAMES.indexOf(name);
}
