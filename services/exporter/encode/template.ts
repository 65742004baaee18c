import { Fault } from "@v6meter/schemas";
import { ELEMENTS, type FieldWriter, OUTER_ELEMENTS } from "./element.ts";
import type { ExportedFlow } from "./flow.ts";

/** One field of a template as asked for: an element, its length where it is not the element's own. */
export interface TemplateField {
  readonly element: number;
  /** Octets; below the element's own length is reduced-size encoding (RFC 7011 §6.2). */
  readonly length?: number;
  /** The outer header's occurrence of the element (RFC 7011 §8). */
  readonly outer?: boolean;
}

/** Where in a record a time stands and what form it has; filled when the datagram is stamped. */
export interface TimeField {
  readonly at: number;
  readonly edge: "start" | "end";
  readonly form: "uptime_ms" | "seconds" | "milliseconds" | "delta_microseconds";
}

/** A template whose offsets are worked out: fixed-length records, so that times can be patched in place. */
export interface Template {
  readonly id: number;
  readonly fields: readonly { readonly element: number; readonly length: number }[];
  readonly recordOctets: number;
  readonly times: readonly TimeField[];
  /** Writes one record at `at`. */
  write(record: Buffer, at: number, flow: ExportedFlow): void;
}

const TIMES: Readonly<Record<number, Omit<TimeField, "at">>> = {
  21: { edge: "end", form: "uptime_ms" },
  22: { edge: "start", form: "uptime_ms" },
  150: { edge: "start", form: "seconds" },
  151: { edge: "end", form: "seconds" },
  152: { edge: "start", form: "milliseconds" },
  153: { edge: "end", form: "milliseconds" },
  158: { edge: "start", form: "delta_microseconds" },
  159: { edge: "end", form: "delta_microseconds" },
};

/**
 * Works a template out. Ids below 256 are reserved for sets (RFC 7011 §3.4.1, RFC 3954 §5.2).
 * Throws CONFIG_INVALID for an id or an element that cannot be written.
 */
export function createTemplate(id: number, wanted: readonly TemplateField[]): Template {
  if (id < 256 || id > 65_535) throw new Fault("CONFIG_INVALID", `template id ${id} is not between 256 and 65535`);
  const fields: { element: number; length: number }[] = [];
  const writers: { at: number; length: number; write: FieldWriter }[] = [];
  const times: TimeField[] = [];
  let at = 0;
  for (const { element, length: asked, outer } of wanted) {
    const known = (outer ? OUTER_ELEMENTS : ELEMENTS)[element];
    if (!known) throw new Fault("CONFIG_INVALID", `template ${id}: element ${element} is not one this exporter writes`);
    const length = asked ?? known.length;
    fields.push({ element, length });
    writers.push({ at, length, write: known.write });
    const time = TIMES[element];
    if (time) times.push({ at, ...time });
    at += length;
  }
  return {
    id,
    fields,
    recordOctets: at,
    times,
    write(record, start, flow) {
      for (let i = 0; i < writers.length; i++) {
        const field = writers[i] as (typeof writers)[number];
        field.write(record, start + field.at, field.length, flow);
      }
    },
  };
}

/** A value of an options record: a number, a text (zero-padded to the field's length) or octets. */
export type OptionsValue = number | string | Uint8Array;

/** One field of an options template with a value for each of its records. */
export interface OptionsField {
  /** Element number; in v9's scope a scope type: 1 System, 2 Interface (RFC 3954 §6.1). */
  readonly element: number;
  /** Octets; 65535 is variable length (RFC 7011 §7), IPFIX only. */
  readonly length: number;
}

/** An options template and the records that go with it. */
export interface OptionsTable {
  readonly id: number;
  readonly scope: readonly OptionsField[];
  readonly fields: readonly OptionsField[];
  /** Values in the order scope, fields. */
  readonly records: readonly (readonly OptionsValue[])[];
}
