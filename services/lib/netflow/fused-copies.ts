import type { ColumnCopy } from "./column-copy.ts";
import { columnIndex } from "./place.ts";
import type { RecordRun } from "./record-run.ts";
import { LAST_TIME_HIGH_WORD, LAST_TIME_MS } from "./time-steps.ts";

/*
 * All copies of a layout as one loop over its records, made as source text. A step a column costs a call
 * and its preparation for every run, and runs are short: a datagram holds some fifteen records. What gets
 * into the text are column names of the flow record and lengths: numbers, never bytes of an exporter.
 * Where the elements stand in a record is an argument, so that one loop serves all layouts that differ in
 * nothing else: of a thousand loops V8 would compile few in time. Bench: infra/bench/NOTES.md.
 */

/** Where the element of each copy stands in a record; of copies without one, 0. */
export function offsetsOf(copies: readonly ColumnCopy[]): Int32Array {
  return Int32Array.from(copies, (copy) => ("place" in copy ? copy.place.offset : 0));
}

/** Equal for copies that one loop can do. */
export function shapeOf(copies: readonly ColumnCopy[]): string {
  return copies
    .map((copy) =>
      "place" in copy ? `${copy.form} ${copy.column} ${copy.place.length}` : `${copy.form} ${copy.version}`,
    )
    .join();
}

/** An unsigned integer of the bytes from `at`, big-endian; the bytes are at most four. */
function unsigned(at: string, length: number): string {
  if (length === 1) return `view.getUint8(${at})`;
  if (length === 2) return `view.getUint16(${at})`;
  if (length === 4) return `view.getUint32(${at})`;
  return `view.getUint16(${at}) * 256 + view.getUint8(${at} + 2)`;
}

/** The low-order bytes of an integer that may be longer than its column, `most` bytes of it at most. */
function lowBytes(at: string, length: number, most: number): string {
  const kept = Math.min(length, most);
  return unsigned(length > kept ? `${at} + ${length - kept}` : at, kept);
}

function ipv6(target: string, from: string, at: string): string {
  return [0, 8]
    .map((half) => `${target}.setBigUint64(row * 16 + ${half}, ${from}.getBigUint64(${at} + ${half}, true), true);`)
    .join(" ");
}

/** Statements that copy one element of the record at `p` to the row `row`; its offset is `o` and its number. */
function statementOf(copy: ColumnCopy, number: number): string {
  if (copy.form === "ip_version") return `ip_version[row] = ${copy.version};`;
  const { column, place } = copy;
  const { length } = place;
  const at = `p + o${number}`;
  switch (copy.form) {
    case "u8":
      return `${column}[row] = ${lowBytes(at, length, 1)};`;
    case "u16":
      return `${column}[row] = ${lowBytes(at, length, 2)};`;
    case "u32":
      return `${column}[row] = ${lowBytes(at, length, 4)};`;
    case "u64": {
      const low = `${column}[row * 2] = ${lowBytes(at, length, 4)};`;
      if (length <= 4) return low;
      return `${low} ${column}[row * 2 + 1] = ${lowBytes(at, length - 4, 4)};`;
    }
    case "time":
      // As copyMilliseconds: what DateTime64 cannot hold stays absent.
      return (
        `high = view.getUint32(${at}); if (high < ${LAST_TIME_HIGH_WORD}) ` +
        `{ ${column}[row * 2] = view.getUint32(${at} + 4); ${column}[row * 2 + 1] = high; }`
      );
    case "uptime":
      return (
        `time = exportMs + ((view.getUint32(${at}) - uptimeMs) | 0); if (time > 0 && time <= ${LAST_TIME_MS}) ` +
        `{ ${column}[row * 2] = time >>> 0; ${column}[row * 2 + 1] = (time / 4294967296) >>> 0; }`
      );
    case "ipv4":
      return (
        `${column}.setUint32(row * 16 + 8, 0xffff); ` + `${column}.setUint32(row * 16 + 12, view.getUint32(${at}));`
      );
    case "ipv6":
      return ipv6(column, "view", at);
  }
}

function sourceOf(copies: readonly ColumnCopy[]): string {
  const arrays = new Set<string>(["received_at", "observation_domain", "version"]);
  const views = new Set<string>(["exporter"]);
  for (const copy of copies) {
    if (copy.form === "ip_version") arrays.add("ip_version");
    else if (copy.form === "ipv4" || copy.form === "ipv6") views.add(copy.column);
    else arrays.add(copy.column);
  }
  return [
    '"use strict";',
    "const { view, stride, exporter: source, receivedAtMs, exportMs, uptimeMs, domain, version: exportVersion } = run;",
    "const receivedLow = receivedAtMs >>> 0, receivedHigh = (receivedAtMs / 4294967296) >>> 0;",
    ...[...arrays].map(
      (name) => `const ${name} = run.arrays[${columnIndex(name as Parameters<typeof columnIndex>[0])}];`,
    ),
    ...[...views].map((name) => `const ${name} = run.addresses.${name};`),
    ...copies.flatMap((copy, number) => ("place" in copy ? [`const o${number} = offsets[${number}];`] : [])),
    "let high = 0, time = 0;",
    "const end = run.row + run.count;",
    "for (let row = run.row, p = run.at; row < end; row++, p += stride) {",
    "received_at[row * 2] = receivedLow; received_at[row * 2 + 1] = receivedHigh;",
    "observation_domain[row] = domain; version[row] = exportVersion;",
    ipv6("exporter", "source", "0"),
    ...copies.map(statementOf),
    "}",
  ].join("\n");
}

/** Stamps the rows of a run (stampRows) and copies what stands at the offsets. */
export type CopyLoop = (run: RecordRun, offsets: Int32Array) => void;

/**
 * The loop of copies of one shape; null where the process may not make code from text
 * (`--disallow-code-generation-from-strings`).
 */
export function fuseCopies(copies: readonly ColumnCopy[]): CopyLoop | null {
  try {
    return new Function("run", "offsets", sourceOf(copies)) as CopyLoop;
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}
