import { columnIndex, type Place, type TimeColumn } from "./place.ts";
import type { ColumnStep } from "./record-run.ts";
import { readUnsigned } from "./record-walk.ts";

/* How the forms of a flow's start and end get into their columns, all as milliseconds. Bench: infra/bench. */

/** 2299-12-31, the last day ClickHouse's DateTime64 knows; times behind it are no times. */
export const LAST_TIME_MS = 10_413_791_999_999;
/** The upper 32 bits of that time. */
export const LAST_TIME_HIGH_WORD = Math.floor(LAST_TIME_MS / 4_294_967_296);

/** Writes a time unless it is before 1970 or behind DateTime64's range: such a time stays absent. */
function putTime(column: Uint32Array, row: number, ms: number): void {
  if (!(ms > 0 && ms <= LAST_TIME_MS)) return;
  column[row * 2] = ms >>> 0;
  column[row * 2 + 1] = (ms / 4_294_967_296) >>> 0;
}

/** Milliseconds since 1970 (IE 152, 153, 323). */
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

/** Seconds since 1970 (IE 150, 151). */
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
    if (uptimeMs < 0 && systemInit === null && run.systemInitMs < 0) return;
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
