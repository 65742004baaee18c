import type { Random } from "@v6meter/random";
import { Fault } from "@v6meter/schemas";
import type { Flow } from "./traffic.ts";
import { type Field, VARIABLE } from "./vendors.ts";

/** What a record is about. */
export interface Subject {
  /** Null in a record of options. */
  readonly flow: Flow | null;
  /** The moment that times are before. */
  readonly epochMs: number;
  readonly random: Random;
}

type Value = number | Buffer;

/** How long before the epoch routers started whose records tell times since then. */
const UPTIME_MS = 400_000_000;
const SAMPLED_ONE_IN = 1_000;
const HOSTS = ["www.example.com", "cdn.example.net", "v.example.cn"];

/** Values by number of the element (IANA's registry "IPFIX Information Elements"). */
const FLOW_VALUES: Readonly<Record<number, (flow: Flow, subject: Subject) => Value>> = {
  1: ({ octets }) => octets,
  2: ({ packets }) => packets,
  4: ({ protocol }) => protocol,
  5: () => 0,
  6: ({ tcpFlags }) => tcpFlags,
  7: ({ sourcePort }) => sourcePort,
  8: ({ source }) => source.address,
  9: () => 16,
  10: ({ input }) => input,
  11: ({ destinationPort }) => destinationPort,
  12: ({ destination }) => destination.address,
  13: () => 16,
  14: ({ output }) => output,
  15: () => 0x0a00_0001,
  16: ({ source }) => source.as,
  17: ({ destination }) => destination.as,
  21: ({ endAgoMs }) => UPTIME_MS - endAgoMs,
  22: ({ startAgoMs }) => UPTIME_MS - startAgoMs,
  27: ({ source }) => source.address,
  28: ({ destination }) => destination.address,
  29: () => 32,
  30: () => 32,
  32: () => 0,
  48: () => 1,
  52: () => 57,
  53: () => 64,
  56: (_flow, { random }) => Buffer.from(random.bytes(6)),
  58: () => 0,
  60: ({ source }) => (source.address.length === 4 ? 4 : 6),
  61: ({ direction }) => direction,
  62: () => Buffer.from("fe800000000000000000000000000001", "hex"),
  65: () => 0,
  80: (_flow, { random }) => Buffer.from(random.bytes(6)),
  89: () => 64,
  95: ({ destinationPort }) => destinationPort,
  136: () => 1,
  139: () => 0,
  150: ({ startAgoMs }, { epochMs }) => Math.floor((epochMs - startAgoMs) / 1_000),
  151: ({ endAgoMs }, { epochMs }) => Math.floor((epochMs - endAgoMs) / 1_000),
  152: ({ startAgoMs }, { epochMs }) => epochMs - startAgoMs,
  153: ({ endAgoMs }, { epochMs }) => epochMs - endAgoMs,
  210: () => 0,
  234: () => 0,
  235: () => 0,
  243: () => 0,
  245: () => 0,
};

const OPTIONS_VALUES: Readonly<Record<number, (subject: Subject) => Value>> = {
  34: () => SAMPLED_ONE_IN,
  35: () => 1,
  48: () => 1,
  49: () => 2,
  50: () => SAMPLED_ONE_IN,
  144: () => 1,
  149: () => 0,
  160: ({ epochMs }) => epochMs - UPTIME_MS,
  302: () => 1,
  304: () => 1,
  305: () => 1,
  306: () => SAMPLED_ONE_IN - 1,
};

function fieldValue([element, length, enterprise]: Field, subject: Subject): Value {
  if (enterprise !== undefined)
    return length === VARIABLE
      ? Buffer.from(subject.random.pick(HOSTS))
      : subject.random.below(2 ** (8 * Math.min(length, 4)));
  const { flow } = subject;
  const value = flow ? FLOW_VALUES[element]?.(flow, subject) : OPTIONS_VALUES[element]?.(subject);
  if (value === undefined)
    throw new Fault("INTERNAL", `The mix has no value for element ${element} of ${flow ? "flows" : "options"}.`);
  return value;
}

/** Writes a number into so many octets, the most significant first; a larger one becomes what they can hold. */
function writeNumber(to: Buffer, at: number, value: number, length: number): void {
  let rest = length < 6 ? Math.min(value, 2 ** (8 * length) - 1) : value;
  for (let i = length - 1; i >= 0; i--) {
    to[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** Writes the value a field has for a subject; returns where the next one begins. */
export function writeField(to: Buffer, at: number, field: Field, subject: Subject): number {
  const value = fieldValue(field, subject);
  if (typeof value === "number") {
    writeNumber(to, at, value, field[1]);
    return at + field[1];
  }
  if (field[1] !== VARIABLE) return at + value.copy(to, at);
  to[at] = value.length;
  return at + 1 + value.copy(to, at + 1);
}
