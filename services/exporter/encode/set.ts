import { writeUnsigned } from "./element.ts";
import type { OptionsTable, OptionsValue, Template } from "./template.ts";

/** The versions whose datagrams are made of sets (v9 calls them FlowSets). */
export type SetVersion = 9 | 10;

/** Ids of the sets that describe others: RFC 3954 §5.2 and §6.1 (0, 1), RFC 7011 §3.3.2 (2, 3). */
const SET_IDS = { 9: { template: 0, options: 1 }, 10: { template: 2, options: 3 } } as const;

/**
 * A set: id, length with its own header, content; padded to a 32-bit border with zeros (RFC 3954
 * §5.3 SHOULD, RFC 7011 §3.3.1 allowed; the padding stays below the shortest record here).
 */
export function encodeSet(id: number, content: Buffer): Buffer {
  const set = Buffer.alloc(4 + Math.ceil(content.length / 4) * 4);
  set.writeUInt16BE(id, 0);
  set.writeUInt16BE(set.length, 2);
  content.copy(set, 4);
  return set;
}

/** A set of Template Records: id, field count, (element, length) pairs (RFC 3954 §5.2, RFC 7011 §3.4.1). */
export function encodeTemplateSet(version: SetVersion, templates: readonly Template[]): Buffer {
  const words = templates.flatMap(({ id, fields }) => [
    id,
    fields.length,
    ...fields.flatMap(({ element, length }) => [element, length]),
  ]);
  return encodeSet(SET_IDS[version].template, u16s(words));
}

/**
 * A set of Options Template Records. v9 states the scope's and the options' lengths in octets (RFC 3954
 * §6.1); IPFIX states the number of all fields and of those that are scope (RFC 7011 §3.4.2.2).
 */
export function encodeOptionsTemplateSet(version: SetVersion, tables: readonly OptionsTable[]): Buffer {
  const words = tables.flatMap(({ id, scope, fields }) => [
    id,
    ...(version === 9 ? [scope.length * 4, fields.length * 4] : [scope.length + fields.length, scope.length]),
    ...[...scope, ...fields].flatMap(({ element, length }) => [element, length]),
  ]);
  return encodeSet(SET_IDS[version].options, u16s(words));
}

/** The Options Data Records of a table as one set of its id (RFC 3954 §6.2, RFC 7011 §3.4.2). */
export function encodeOptionsDataSet({ id, scope, fields, records }: OptionsTable): Buffer {
  const all = [...scope, ...fields];
  return encodeSet(
    id,
    Buffer.concat(records.flatMap((values) => all.map((field, i) => encodeValue(field.length, values[i] ?? 0)))),
  );
}

function encodeValue(length: number, value: OptionsValue): Buffer {
  if (typeof value === "number") {
    const octets = Buffer.alloc(length);
    writeUnsigned(octets, 0, length, value);
    return octets;
  }
  const content = typeof value === "string" ? Buffer.from(value, "utf8") : Buffer.from(value);
  // RFC 7011 §7: one octet of length below 255.
  if (length === 65_535) return Buffer.concat([Buffer.from([Math.min(content.length, 254)]), content.subarray(0, 254)]);
  const octets = Buffer.alloc(length);
  content.copy(octets, 0, 0, length);
  return octets;
}

function u16s(words: readonly number[]): Buffer {
  const octets = Buffer.alloc(words.length * 2);
  for (const [i, word] of words.entries()) octets.writeUInt16BE(word, i * 2);
  return octets;
}
