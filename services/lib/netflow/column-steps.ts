import { FIELD_NAMES, type FIELDS, type FieldName } from "@v6meter/schemas";
import type { AddressViews, ColumnStep, RecordRun } from "./record-run.ts";
import { readUnsigned } from "./record-walk.ts";

/*
 * How the values of one element get into one column, for all records of a run. Integers are big-endian
 * and may be shorter than their type (RFC 7011 §6.2); of longer ones the low-order bytes are kept.
 * Every step is a loop of its own over typed arrays. Bench: infra/bench.
 */

type ColumnOf<K extends string> = {
  [N in FieldName]: (typeof FIELDS)[N]["kind"] extends K ? N : never;
}[FieldName];
export type U8Column = ColumnOf<"u8">;
export type U16Column = ColumnOf<"u16">;
export type U32Column = ColumnOf<"u32">;
export type U64Column = ColumnOf<"u64">;
export type TimeColumn = ColumnOf<"time">;
export type AddressColumn = Exclude<keyof AddressViews, "exporter">;

/** Where a column stands in `arrays` of a run: found by number in the hot path, not by name. */
function columnIndex(name: FieldName): number {
  return FIELD_NAMES.indexOf(name);
}

/** Where an element's value is in a record; `length` is never 0. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** 2299-12-31, the last day ClickHouse's DateTime64 knows; times behind it are no times. */
const LAST_TIME_MS = 10_413_791_999_999;
const LAST_TIME_HIGH_WORD = Math.floor(LAST_TIME_MS / 4_294_967_296);

/** Writes a time unless it is before 1970 or behind DateTime64's range: such a time stays absent. */
function putTime(column: Uint32Array, row: number, ms: number): void {
  if (!(ms > 0 && ms <= LAST_TIME_MS)) return;
  column[row * 2] = ms >>> 0;
  column[row * 2 + 1] = (ms / 4_294_967_296) >>> 0;
}

export function copyU8(name: U8Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const at = place.offset + place.length - 1;
  return (run) => {
    const column = run.arrays[index] as Uint8Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + at; i < count; i++, p += stride) column[row + i] = view.getUint8(p);
  };
}

export function copyU16(name: U16Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  if (place.length === 1) {
    return (run) => {
      const column = run.arrays[index] as Uint16Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + place.offset; i < count; i++, p += stride) column[row + i] = view.getUint8(p);
    };
  }
  const at = place.offset + place.length - 2;
  return (run) => {
    const column = run.arrays[index] as Uint16Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + at; i < count; i++, p += stride) column[row + i] = view.getUint16(p);
  };
}

export function copyU32(name: U32Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  if (length >= 4) {
    const at = offset + length - 4;
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + at; i < count; i++, p += stride) column[row + i] = view.getUint32(p);
    };
  }
  if (length === 2) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride) column[row + i] = view.getUint16(p);
    };
  }
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) column[row + i] = readUnsigned(view, p, length);
  };
}

export function copyU64(name: U64Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  if (length === 4) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride) column[(row + i) * 2] = view.getUint32(p);
    };
  }
  if (length === 8) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride) {
        column[(row + i) * 2] = view.getUint32(p + 4);
        column[(row + i) * 2 + 1] = view.getUint32(p);
      }
    };
  }
  const low = Math.min(length, 4);
  const high = Math.min(length, 8) - low;
  const lowAt = offset + length - low;
  const highAt = lowAt - high;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      column[(row + i) * 2] = readUnsigned(view, p + lowAt, low);
      column[(row + i) * 2 + 1] = readUnsigned(view, p + highAt, high);
    }
  };
}

/** Fills the rows that are still zero from another element; for counters that stand in for one another. */
export function fillU64(name: U64Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  const low = Math.min(length, 4);
  const high = Math.min(length, 8) - low;
  const lowAt = offset + length - low;
  const highAt = lowAt - high;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const element = (row + i) * 2;
      if (column[element] !== 0 || column[element + 1] !== 0) continue;
      column[element] = readUnsigned(view, p + lowAt, low);
      column[element + 1] = readUnsigned(view, p + highAt, high);
    }
  };
}

/** The top label of an MPLS label stack entry of three bytes: 20 bits of label (RFC 3032 §2.1). */
export function copyMplsLabel(place: Place): ColumnStep {
  return (run) => {
    const column = run.columns.mpls_label;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + place.offset; i < count; i++, p += stride)
      column[row + i] = readUnsigned(view, p, 3) >>> 4;
  };
}

/** Type and code in two elements of one byte each (IE 176 to 179); either may be absent. */
export function copyIcmpTypeAndCode(type: Place | null, code: Place | null): ColumnStep {
  return (run) => {
    const column = run.columns.icmp_type_code;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const high = type === null ? 0 : view.getUint8(p + type.offset + type.length - 1);
      const low = code === null ? 0 : view.getUint8(p + code.offset + code.length - 1);
      column[row + i] = (high << 8) | low;
    }
  };
}

function putIpv4(target: DataView, row: number, view: DataView, at: number): void {
  target.setUint32(row * 16 + 8, 0xffff);
  target.setUint32(row * 16 + 12, view.getUint32(at));
}

// Two words of 64 bits: the engine moves them without making BigInts, in half the time of four of 32.
function putIpv6(target: DataView, row: number, view: DataView, at: number): void {
  target.setBigUint64(row * 16, view.getBigUint64(at, true), true);
  target.setBigUint64(row * 16 + 8, view.getBigUint64(at + 8, true), true);
}

/** IPv4 as ::ffff:a.b.c.d; the rows' addresses must still be zero. */
export function copyIpv4(name: AddressColumn, offset: number): ColumnStep {
  return (run) => {
    const target = run.addresses[name];
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) putIpv4(target, row + i, view, p);
  };
}

export function copyIpv6(name: AddressColumn, offset: number): ColumnStep {
  return (run) => {
    const target = run.addresses[name];
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) putIpv6(target, row + i, view, p);
  };
}

export function fillIpVersion(version: 4 | 6): ColumnStep {
  return (run) => {
    const column = run.columns.ip_version;
    const { row, count } = run;
    for (let i = 0; i < count; i++) column[row + i] = version;
  };
}

function isZero(view: DataView, at: number, words: number): boolean {
  for (let i = 0; i < words; i++) if (view.getUint32(at + 4 * i) !== 0) return false;
  return true;
}

function sameAddress(view: DataView, a: number, b: number, words: number): boolean {
  for (let i = 0; i < words; i++) if (view.getUint32(a + 4 * i) !== view.getUint32(b + 4 * i)) return false;
  return true;
}

/** Places of the addresses of a template that has both families; null where one is not there. */
export interface MixedAddresses {
  readonly src4: Place | null;
  readonly dst4: Place | null;
  readonly src6: Place | null;
  readonly dst6: Place | null;
  /** Which family's source comes last in the record: the inner one of a tunnel (RFC 7011 §8). */
  readonly lastFamily: 4 | 6;
  /** IE 60, where it is exported. */
  readonly ipVersion: Place | null;
}

/**
 * Templates with addresses of both families. The family whose addresses are not zero is the record's.
 * Where both are, it is a tunnel: the one that comes last is the user's packet, the other goes to the
 * outer columns. IE 60 settles records that are no tunnel.
 */
export function copyMixedAddresses(places: MixedAddresses): ColumnStep {
  const { src4, dst4, src6, dst6, lastFamily, ipVersion } = places;
  return (run) => {
    const { src_addr, dst_addr, outer_src_addr, outer_dst_addr } = run.addresses;
    const versions = run.columns.ip_version;
    const { view, stride, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const row = run.row + i;
      const zero4 =
        (src4 === null || isZero(view, p + src4.offset, 1)) && (dst4 === null || isZero(view, p + dst4.offset, 1));
      const zero6 =
        (src6 === null || isZero(view, p + src6.offset, 4)) && (dst6 === null || isZero(view, p + dst6.offset, 4));
      let version: number = zero6 ? 4 : zero4 ? 6 : lastFamily;
      if (zero4 || zero6) {
        if (ipVersion !== null) {
          const exported = view.getUint8(p + ipVersion.offset + ipVersion.length - 1);
          if (exported === 4 || exported === 6) version = exported;
        }
      } else if (version === 4) {
        if (src6 !== null) putIpv6(outer_src_addr, row, view, p + src6.offset);
        if (dst6 !== null) putIpv6(outer_dst_addr, row, view, p + dst6.offset);
      } else {
        if (src4 !== null) putIpv4(outer_src_addr, row, view, p + src4.offset);
        if (dst4 !== null) putIpv4(outer_dst_addr, row, view, p + dst4.offset);
      }
      versions[row] = version;
      if (version === 4) {
        if (src4 !== null) putIpv4(src_addr, row, view, p + src4.offset);
        if (dst4 !== null) putIpv4(dst_addr, row, view, p + dst4.offset);
      } else {
        if (src6 !== null) putIpv6(src_addr, row, view, p + src6.offset);
        if (dst6 !== null) putIpv6(dst_addr, row, view, p + dst6.offset);
      }
    }
  };
}

/** An address element that occurs twice with different values: the first is the tunnel's (RFC 7011 §8). */
export function copyOuterAddress(
  name: "outer_src_addr" | "outer_dst_addr",
  first: Place,
  last: Place,
  family: 4 | 6,
): ColumnStep {
  return (run) => {
    const target = run.addresses[name];
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      if (sameAddress(view, p + first.offset, p + last.offset, family === 4 ? 1 : 4)) continue;
      if (family === 6) putIpv6(target, row + i, view, p + first.offset);
      else if (isZero(target, (row + i) * 16, 4)) putIpv4(target, row + i, view, p + first.offset);
    }
  };
}

/** A protocol that occurs twice with different values: the first is the tunnel header's. */
export function copyOuterProtocol(first: Place, last: Place): ColumnStep {
  const firstAt = first.offset + first.length - 1;
  const lastAt = last.offset + last.length - 1;
  return (run) => {
    const column = run.columns.outer_protocol;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const outer = view.getUint8(p + firstAt);
      if (outer !== view.getUint8(p + lastAt)) column[row + i] = outer;
    }
  };
}

/** Runs one step for the rows of version 6 and another for the rest, a row at a time. */
export function byIpVersion(v4: ColumnStep | null, v6: ColumnStep | null): ColumnStep {
  return (run) => {
    const { at, row, count, stride } = run;
    const versions = run.columns.ip_version;
    run.count = 1;
    for (let i = 0; i < count; i++) {
      run.row = row + i;
      run.at = at + i * stride;
      const step = versions[run.row] === 6 ? v6 : v4;
      if (step !== null) step(run);
    }
    run.at = at;
    run.row = row;
    run.count = count;
  };
}

export function copyMilliseconds(name: TimeColumn, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  if (length !== 8) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride)
        putTime(column, row + i, readUnsigned(view, p, length));
    };
  }
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) {
      const high = view.getUint32(p);
      if (high >= LAST_TIME_HIGH_WORD) continue;
      column[(row + i) * 2] = view.getUint32(p + 4);
      column[(row + i) * 2 + 1] = high;
    }
  };
}

export function copySeconds(name: TimeColumn, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride)
      putTime(column, row + i, readUnsigned(view, p, length) * 1000);
  };
}

/** Seconds from the NTP epoch (1900) to the Unix epoch. */
const NTP_UNIX_EPOCH_S = 2_208_988_800;

/**
 * dateTimeMicroseconds and dateTimeNanoseconds: NTP timestamps of 64 bits (RFC 7011 §6.1.9, §6.1.10).
 * Seconds without their top bit are of the era that begins in 2036 (RFC 5905 §6).
 */
export function copyNtpTime(name: TimeColumn, place: Place): ColumnStep {
  const index = columnIndex(name);
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + place.offset; i < count; i++, p += stride) {
      const seconds = view.getUint32(p);
      const fraction = view.getUint32(p + 4);
      if (seconds === 0 && fraction === 0) continue;
      const era = seconds >= 0x8000_0000 ? 0 : 4_294_967_296;
      const unixMs = (seconds + era - NTP_UNIX_EPOCH_S) * 1000;
      putTime(column, row + i, unixMs + Math.floor((fraction * 1000) / 4_294_967_296));
    }
  };
}

/** Microseconds before the export time (IE 158 and 159). */
export function copyDeltaMicroseconds(name: TimeColumn, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count, exportMs } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride)
      putTime(column, row + i, exportMs - Math.floor(readUnsigned(view, p, length) / 1000));
  };
}

/** Beyond ten years of uptime the two clocks contradict each other, and the time is taken as it is told. */
const MAX_WRAPS = 74;

/** The whole spans of 2^32 ms that bring a time told by a wrapped uptime nearest to the export time. */
function wrapsUntil(ms: number, exportMs: number): number {
  const wraps = Math.round((exportMs - ms) / 4_294_967_296);
  return wraps > 0 && wraps <= MAX_WRAPS ? wraps : 0;
}

/**
 * Milliseconds of the exporter's uptime (IE 21 and 22). With the header's uptime (v1 to v9) the
 * difference is taken modulo 2^32 as signed, so that a wrap between flow and export does no harm.
 * IPFIX headers have none: the boot time comes from the record (IE 160) or an options record.
 */
export function copyUptime(name: TimeColumn, place: Place, systemInit: Place | null): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count, exportMs, uptimeMs } = run;
    if (uptimeMs >= 0 && length === 4) {
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride)
        putTime(column, row + i, exportMs + ((view.getUint32(p) - uptimeMs) | 0));
      return;
    }
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const uptime = readUnsigned(view, p + offset, length);
      if (uptimeMs >= 0) {
        putTime(column, row + i, exportMs + ((uptime - uptimeMs) | 0));
        continue;
      }
      const bootMs =
        systemInit === null ? run.systemInitMs : readUnsigned(view, p + systemInit.offset, systemInit.length);
      if (bootMs < 0) continue;
      const ms = bootMs + uptime;
      putTime(column, row + i, ms + wrapsUntil(ms, exportMs) * 4_294_967_296);
    }
  };
}

/** Runs a step on the rows whose column is still zero; for times that stand in for one another. */
export function whereNoTime(name: TimeColumn, step: ColumnStep): ColumnStep {
  return (run) => {
    const { at, row, count, stride } = run;
    const column = run.columns[name];
    run.count = 1;
    for (let i = 0; i < count; i++) {
      if (column[(row + i) * 2] !== 0 || column[(row + i) * 2 + 1] !== 0) continue;
      run.row = row + i;
      run.at = at + i * stride;
      step(run);
    }
    run.at = at;
    run.row = row;
    run.count = count;
  };
}

/** What all rows of a run share: when and from where they came. */
export function stampRows(run: RecordRun): void {
  const { row, count, domain, version, exporter } = run;
  const { received_at, observation_domain, version: versions } = run.columns;
  const low = run.receivedAtMs >>> 0;
  const high = (run.receivedAtMs / 4_294_967_296) >>> 0;
  const target = run.addresses.exporter;
  for (let i = row; i < row + count; i++) {
    received_at[i * 2] = low;
    received_at[i * 2 + 1] = high;
    observation_domain[i] = domain;
    versions[i] = version;
    putIpv6(target, i, exporter, 0);
  }
}
