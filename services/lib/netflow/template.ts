import type { ExportVersion } from "./header.ts";

/** RFC 7011 §7: a field of this length carries its own length in every record. */
export const VARIABLE_LENGTH = 65_535;

/** The record layout a template describes. Layouts are shared by all templates that say the same. */
export interface RecordLayout {
  /** Equal keys, equal layouts. */
  readonly key: string;
  readonly version: ExportVersion;
  readonly options: boolean;
  /** Leading fields that are the scope of an options record. */
  readonly scopeCount: number;
  readonly fieldCount: number;
  /** Private enterprise numbers; 0 for IANA's elements. */
  readonly enterprises: Uint32Array;
  readonly elements: Uint16Array;
  readonly lengths: Uint16Array;
  /** Bytes of the shortest record, padding excluded. */
  readonly minLength: number;
  readonly variable: boolean;
}

/** One template record of a set, or a withdrawal. */
export type TemplateRecord =
  | { readonly kind: "template"; readonly id: number; readonly layout: RecordLayout }
  | { readonly kind: "withdrawal"; readonly id: number }
  | { readonly kind: "withdraw_all"; readonly options: boolean };

/** The records of a template set that could be read, and whether all of it could. */
export interface TemplateSet {
  readonly records: readonly TemplateRecord[];
  readonly malformed: boolean;
}

const FIRST_TEMPLATE_ID = 256;

/** A layout from its fields. `fields` holds enterprise, element and length of each, one after the other. */
export function createLayout(
  version: ExportVersion,
  options: boolean,
  scopeCount: number,
  fields: readonly number[],
): RecordLayout {
  const fieldCount = fields.length / 3;
  const enterprises = new Uint32Array(fieldCount);
  const elements = new Uint16Array(fieldCount);
  const lengths = new Uint16Array(fieldCount);
  let minLength = 0;
  let variable = false;
  for (let i = 0; i < fieldCount; i++) {
    enterprises[i] = fields[3 * i] as number;
    elements[i] = fields[3 * i + 1] as number;
    const length = fields[3 * i + 2] as number;
    lengths[i] = length;
    if (length === VARIABLE_LENGTH) variable = true;
    minLength += length === VARIABLE_LENGTH ? 1 : length;
  }
  const key = `${version}/${options ? scopeCount : "-"}/${fields.join(",")}`;
  return { key, version, options, scopeCount, fieldCount, enterprises, elements, lengths, minLength, variable };
}

/**
 * Reads `count` field specifiers at `at` into `fields` and returns the offset behind them, -1 where
 * they run over the end. RFC 7011 §3.2: the enterprise bit is not part of the element id, and a set bit
 * is followed by the enterprise number. RFC 3954 §5.2 has no such bit: all 16 bits are the type.
 */
function readFieldSpecifiers(
  view: DataView,
  at: number,
  end: number,
  count: number,
  version: ExportVersion,
  fields: number[],
): number {
  let next = at;
  for (let i = 0; i < count; i++) {
    if (next + 4 > end) return -1;
    const type = view.getUint16(next);
    const length = view.getUint16(next + 2);
    next += 4;
    if (version === 10 && type & 0x8000) {
      if (next + 4 > end) return -1;
      fields.push(view.getUint32(next), type & 0x7fff, length);
      next += 4;
    } else fields.push(0, type, length);
  }
  return next;
}

function restIsZero(view: DataView, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (view.getUint8(i) !== 0) return false;
  return true;
}

/**
 * Template sets: RFC 3954 §5.2, RFC 7011 §3.4.1. A field count of 0 withdraws in IPFIX (RFC 7011 §8.1),
 * all templates where the id is that of the set; v9 knows no withdrawal. Padding behind the last record
 * is zero. Records before one that cannot be read are kept.
 */
export function readTemplateSet(view: DataView, at: number, end: number, version: ExportVersion): TemplateSet {
  const records: TemplateRecord[] = [];
  let malformed = false;
  let next = at;
  while (next + 4 <= end) {
    const id = view.getUint16(next);
    const count = view.getUint16(next + 2);
    if (version === 10 && id === 2 && count === 0) {
      records.push({ kind: "withdraw_all", options: false });
      next += 4;
      continue;
    }
    if (id < FIRST_TEMPLATE_ID) return { records, malformed: malformed || !restIsZero(view, next, end) };
    if (count === 0) {
      if (version === 10) records.push({ kind: "withdrawal", id });
      else malformed = true;
      next += 4;
      continue;
    }
    const fields: number[] = [];
    next = readFieldSpecifiers(view, next + 4, end, count, version, fields);
    if (next < 0) return { records, malformed: true };
    records.push({ kind: "template", id, layout: createLayout(version, false, 0, fields) });
  }
  return { records, malformed };
}

/**
 * Options template sets of v9: RFC 3954 §6.1. Lengths of scope and options are in bytes of field
 * specifiers, which take four each.
 */
function readOptionsTemplateSetV9(view: DataView, at: number, end: number): TemplateSet {
  const records: TemplateRecord[] = [];
  let next = at;
  while (next + 6 <= end) {
    const id = view.getUint16(next);
    const scopeBytes = view.getUint16(next + 2);
    const optionBytes = view.getUint16(next + 4);
    if (id < FIRST_TEMPLATE_ID) return { records, malformed: !restIsZero(view, next, end) };
    if (scopeBytes % 4 !== 0 || optionBytes % 4 !== 0) return { records, malformed: true };
    const fields: number[] = [];
    next = readFieldSpecifiers(view, next + 6, end, (scopeBytes + optionBytes) / 4, 9, fields);
    if (next < 0) return { records, malformed: true };
    records.push({ kind: "template", id, layout: createLayout(9, true, scopeBytes / 4, fields) });
  }
  return { records, malformed: false };
}

/**
 * Options template sets of IPFIX: RFC 7011 §3.4.2.2. The field count includes the scope fields. A scope
 * count of 0 is forbidden there but found in the field, and harmless: such a template is kept.
 */
function readOptionsTemplateSetIpfix(view: DataView, at: number, end: number): TemplateSet {
  const records: TemplateRecord[] = [];
  let malformed = false;
  let next = at;
  while (next + 4 <= end) {
    const id = view.getUint16(next);
    const count = view.getUint16(next + 2);
    if (count === 0 && (id >= FIRST_TEMPLATE_ID || id === 3)) {
      records.push(id === 3 ? { kind: "withdraw_all", options: true } : { kind: "withdrawal", id });
      next += 4;
      continue;
    }
    if (id < FIRST_TEMPLATE_ID) return { records, malformed: malformed || !restIsZero(view, next, end) };
    if (next + 6 > end) return { records, malformed: true };
    const scopeCount = view.getUint16(next + 4);
    const fields: number[] = [];
    next = readFieldSpecifiers(view, next + 6, end, count, 10, fields);
    if (next < 0) return { records, malformed: true };
    if (scopeCount > count) malformed = true;
    else records.push({ kind: "template", id, layout: createLayout(10, true, scopeCount, fields) });
  }
  return { records, malformed };
}

/** Reads an options template set of v9 or IPFIX, see readTemplateSet. */
export function readOptionsTemplateSet(view: DataView, at: number, end: number, version: ExportVersion): TemplateSet {
  return version === 10 ? readOptionsTemplateSetIpfix(view, at, end) : readOptionsTemplateSetV9(view, at, end);
}
