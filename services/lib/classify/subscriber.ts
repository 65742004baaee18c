import { createHash } from "node:crypto";
import { isMappedV4 } from "@v6meter/schemas";
import { type AddressTable, NOT_SPECIAL } from "./address-table.ts";
import type { Registry } from "./registry.ts";
import { type Rows, SUBSCRIBER_ADDRESSES } from "./rows.ts";
import { sipHash24 } from "./siphash.ts";
import { ACCESS_NAMES, IS_EXCLUDED, methodIndex } from "./vocabulary-index.ts";

/** Where neither the prefix table nor the operator says otherwise (RFC 7421: a link's prefix). */
const DEFAULT_LENGTH = 64;
const { src: SRC, dst: DST, outerSrc: OUTER_SRC, outerDst: OUTER_DST } = SUBSCRIBER_ADDRESSES;

/** Makes the four little-endian words of a SipHash key; 32 bytes are reduced to 16 by SHA-256. */
export function subscriberKeyWords(key: Uint8Array): Uint32Array {
  if (key.length !== 16 && key.length !== 32)
    throw new RangeError(`The subscriber key has ${key.length} bytes; allowed are 16 and 32.`);
  const bytes = key.length === 16 ? key : createHash("sha256").update(key).digest();
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return Uint32Array.from([0, 4, 8, 12], (at) => view.getUint32(at, true));
}

/** Bits of the IPv6 prefix one subscriber holds, by operator * number of access types + access. */
export function subscriberLengths(registry: Registry): Uint8Array {
  const lengths = new Uint8Array((registry.operators.length + 1) * ACCESS_NAMES.length).fill(DEFAULT_LENGTH);
  for (const [i, { subscriberPrefixLengths }] of registry.operators.entries())
    for (const [access, name] of ACCESS_NAMES.entries())
      lengths[(i + 1) * ACCESS_NAMES.length + access] = subscriberPrefixLengths[name] ?? DEFAULT_LENGTH;
  return lengths;
}

const UNKNOWN = methodIndex("unknown");
const PREFIX = methodIndex("prefix");

/** The message that is hashed, and the hash; one of each serves all rows. */
const message = new Uint8Array(17);
const hash = new Uint32Array(2);

/**
 * Fills subscriber_prefix, subscriber and subscriber_method: SipHash-2-4 under the key of the subscriber side's
 * prefix, 0 where there is none, as in a pool whose addresses are beside their subscribers' own. What is hashed is one byte of the prefix length and the bytes of the prefix, host bits zero; for a
 * public IPv4 address a zero byte and its four bytes. Shared, private and special addresses, and flows
 * that are in no share, have no subscriber. Needs technology and attribution. Bench: bench.ts.
 */
export function fillSubscriber(rows: Rows, table: AddressTable, lengths: Uint8Array, key: Uint32Array): void {
  const { findings, subscriber, subscriber_prefix } = rows;
  for (let row = 0; row < rows.rows; row++) {
    subscriber[row * 2] = 0;
    subscriber[row * 2 + 1] = 0;
    subscriber_prefix[row * 2] = 0;
    subscriber_prefix[row * 2 + 1] = 0;
    rows.subscriber_method[row] = UNKNOWN;
    if (IS_EXCLUDED[rows.technology[row] as number]) continue;
    const which = findings.subscriberAddress[row] as number;
    if (which === SRC) hashAddress(rows, table, lengths, key, row, rows.src_addr, findings.srcClass);
    else if (which === DST) hashAddress(rows, table, lengths, key, row, rows.dst_addr, findings.dstClass);
    else if (which === OUTER_SRC)
      hashAddress(rows, table, lengths, key, row, rows.outer_src_addr, findings.outerSrcClass);
    else if (which === OUTER_DST)
      hashAddress(rows, table, lengths, key, row, rows.outer_dst_addr, findings.outerDstClass);
  }
}

function hashAddress(
  rows: Rows,
  table: AddressTable,
  lengths: Uint8Array,
  key: Uint32Array,
  row: number,
  addresses: Uint8Array,
  classes: Uint32Array,
): void {
  const addressClass = classes[row] as number;
  if (table.special[addressClass] !== NOT_SPECIAL || table.shared[addressClass] === 1) return;
  let at = row * 16;
  let size = 4;
  let spare = 0;
  if (isMappedV4(addresses, at)) {
    at += 12;
    message[0] = 0;
  } else {
    const place = (rows.operator[row] as number) * ACCESS_NAMES.length + (rows.access[row] as number);
    const bits = (table.subscriberPrefixLength[addressClass] as number) || (lengths[place] as number);
    size = (bits + 7) >> 3;
    spare = size * 8 - bits;
    message[0] = bits;
  }
  let any = 0;
  for (let i = 0; i < size; i++) {
    const byte = addresses[at + i] as number;
    any |= byte;
    message[i + 1] = byte;
  }
  // An address that was not exported is all zero.
  if (any === 0) return;
  if (spare > 0) message[size] = (message[size] as number) & (0xff << spare);
  sipHash24(key, message, size + 1, hash);
  rows.subscriber[row * 2] = hash[0] as number;
  rows.subscriber[row * 2 + 1] = hash[1] as number;
  rows.subscriber_prefix[row * 2] = hash[0] as number;
  rows.subscriber_prefix[row * 2 + 1] = hash[1] as number;
  rows.subscriber_method[row] = PREFIX;
}
