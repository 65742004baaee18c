import { Random } from "@v6meter/random";
import { writeField } from "./elements.ts";
import type { Datagram, Mix } from "./mix.ts";
import { type Family, Traffic } from "./traffic.ts";
import { type Field, VARIABLE, VENDORS, type Vendor } from "./vendors.ts";

const EXPORTERS = 1_000;
const DATAGRAMS = 6_000;
/** Of an exporter on Ethernet: with the headers of IPv4 and UDP below 1,500 octets. */
const MESSAGE_MAX_BYTES = 1_420;
const HEADER_BYTES = 16;
const SET_HEADER_BYTES = 4;
/** Records of one family before the other's turn. */
const RUN = 6;
const FIRST_TEMPLATE = 256;
/** The longest value of a variable field, its length in front. */
const VARIABLE_MAX_BYTES = 24;

function fieldSpecifier([element, length, enterprise]: Field): Buffer {
  const bytes = Buffer.alloc(enterprise === undefined ? 4 : 8);
  bytes.writeUInt16BE(enterprise === undefined ? element : element | 0x8000, 0);
  bytes.writeUInt16BE(length, 2);
  if (enterprise !== undefined) bytes.writeUInt32BE(enterprise, 4);
  return bytes;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}

function set(id: number, body: Buffer): Buffer {
  return Buffer.concat([words(id, SET_HEADER_BYTES + body.length), body]);
}

/** RFC 7011 §3.1; the time and the sequence number are written when it is sent. */
function message(domain: number, sets: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(10, 0);
  header.writeUInt16BE(HEADER_BYTES + sets.reduce((sum, { length }) => sum + length, 0), 2);
  header.writeUInt32BE(domain, 12);
  return Buffer.concat([header, ...sets]);
}

/** Template ids of the vendor at this place: no two vendors share one. */
function templateIds(vendor: number): Readonly<Record<Family | "options", number>> {
  const first = FIRST_TEMPLATE + 3 * vendor;
  return { 4: first, 6: first + 1, options: first + 2 };
}

/** Sets 2 and 3: the templates of both families and of the options (RFC 7011 §3.4). */
function templateSets({ flows, options }: Vendor, ids: ReturnType<typeof templateIds>): Buffer[] {
  const template = (id: number, fields: readonly Field[]) =>
    Buffer.concat([words(id, fields.length), ...fields.map(fieldSpecifier)]);
  const optionsTemplate = Buffer.concat([words(ids.options, options.length, 1), ...options.map(fieldSpecifier)]);
  return [set(2, Buffer.concat([template(ids[4], flows[4]), template(ids[6], flows[6])])), set(3, optionsTemplate)];
}

function longest(fields: readonly Field[]): number {
  return fields.reduce((sum, [, length]) => sum + (length === VARIABLE ? VARIABLE_MAX_BYTES : length), 0);
}

/**
 * IPFIX of 1,000 exporters of ten makes with three templates each: IPv4, IPv6 and options that tell the sampling, which
 * come first and again in every sixth message.
 */
export function ipfixMix(seed: number, epochMs: number): Mix {
  const random = new Random(seed, 10);
  const traffic = { 4: new Traffic(random, 4), 6: new Traffic(random, 6) };
  const scratch = Buffer.alloc(MESSAGE_MAX_BYTES);

  const optionsSet = (vendor: Vendor, id: number) => {
    let at = 0;
    for (const field of vendor.options) at = writeField(scratch, at, field, { flow: null, epochMs, random });
    return set(id, Buffer.from(scratch.subarray(0, at)));
  };
  const flowSet = (vendor: Vendor, family: Family, id: number, count: number) => {
    let at = 0;
    for (let i = 0; i < count; i++) {
      const flow = traffic[family].flow();
      for (const field of vendor.flows[family]) at = writeField(scratch, at, field, { flow, epochMs, random });
    }
    return set(id, Buffer.from(scratch.subarray(0, at)));
  };

  const makeOf = (exporter: number) => {
    const place = exporter % VENDORS.length;
    return { vendor: VENDORS[place] as Vendor, ids: templateIds(place) };
  };
  const templates = Array.from({ length: EXPORTERS }, (_, exporter): Datagram => {
    const { vendor, ids } = makeOf(exporter);
    const bytes = message(exporter, [...templateSets(vendor, ids), optionsSet(vendor, ids.options)]);
    return { exporter, bytes, records: 0, sequenceStep: 1 };
  });
  let all = 0;
  const datagrams = Array.from({ length: DATAGRAMS }, (_, i): Datagram => {
    const exporter = i % EXPORTERS;
    const { vendor, ids } = makeOf(exporter);
    const withOptions = i < EXPORTERS;
    const sets = withOptions ? [optionsSet(vendor, ids.options)] : [];
    let room = MESSAGE_MAX_BYTES - HEADER_BYTES - sets.reduce((sum, { length }) => sum + length, 0);
    let records = 0;
    for (let family: Family = random.below(2) ? 4 : 6; ; family = family === 4 ? 6 : 4) {
      const count = Math.min(RUN, Math.floor((room - SET_HEADER_BYTES) / longest(vendor.flows[family])));
      if (count < 1) break;
      const body = flowSet(vendor, family, ids[family], count);
      sets.push(body);
      room -= body.length;
      records += count;
    }
    all += records;
    const bytes = message(exporter, sets);
    // Data records are counted, those of options too (RFC 7011 §3.1).
    return { exporter, bytes, records, sequenceStep: records + (withOptions ? 1 : 0) };
  });
  return {
    name: "ipfix",
    says: `IPFIX, IPv4 and IPv6, ${(all / DATAGRAMS).toFixed(1)} records a message, ${3 * VENDORS.length} templates of ${VENDORS.length} makes, sampling by options, ${EXPORTERS} exporters`,
    version: 10,
    exporters: EXPORTERS,
    templates,
    datagrams,
    records: all,
  };
}
