import { copyIpv4, copyIpv6, fillIpVersion } from "./address-steps.ts";
import { copyU8, copyU16, copyU32, copyU64 } from "./integer-steps.ts";
import type { AddressColumn, Place, TimeColumn, U8Column, U16Column, U32Column, U64Column } from "./place.ts";
import type { ColumnStep } from "./record-run.ts";
import { copyMilliseconds, copyUptime } from "./time-steps.ts";

/**
 * A step that copies one element of every record to one column, whatever the other columns hold. As data,
 * so that all of a layout can be done in one loop over its records (fused-copies.ts).
 */
export type ColumnCopy =
  | { readonly form: "u8"; readonly column: U8Column; readonly place: Place }
  | { readonly form: "u16"; readonly column: U16Column; readonly place: Place }
  | { readonly form: "u32"; readonly column: U32Column; readonly place: Place }
  | { readonly form: "u64"; readonly column: U64Column; readonly place: Place }
  /** Milliseconds since 1970. */
  | { readonly form: "time"; readonly column: TimeColumn; readonly place: Place }
  /** Milliseconds of uptime, in four bytes, of a version whose header tells the uptime as well. */
  | { readonly form: "uptime"; readonly column: TimeColumn; readonly place: Place }
  | { readonly form: "ipv4"; readonly column: AddressColumn; readonly place: Place }
  | { readonly form: "ipv6"; readonly column: AddressColumn; readonly place: Place }
  /** The same IP version for all records. */
  | { readonly form: "ip_version"; readonly version: 4 | 6 };

/** The copy as a step of its own. */
export function stepOf(copy: ColumnCopy): ColumnStep {
  switch (copy.form) {
    case "u8":
      return copyU8(copy.column, copy.place);
    case "u16":
      return copyU16(copy.column, copy.place);
    case "u32":
      return copyU32(copy.column, copy.place);
    case "u64":
      return copyU64(copy.column, copy.place);
    case "time":
      return copyMilliseconds(copy.column, copy.place);
    case "uptime":
      return copyUptime(copy.column, copy.place, null);
    case "ipv4":
      return copyIpv4(copy.column, copy.place.offset);
    case "ipv6":
      return copyIpv6(copy.column, copy.place.offset);
    case "ip_version":
      return fillIpVersion(copy.version);
  }
}
