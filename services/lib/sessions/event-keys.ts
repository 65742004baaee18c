import type { SessionColumns } from "@v6meter/schemas";
import { isPrivateV4, isV4, PRIVATE_V4, type PrefixKeys, PUBLIC_V4 } from "./keys.ts";

const ANY_PORTS = 0xffff_0000;

/** The addresses of a batch as words in memory order. */
export interface Addresses {
  readonly v4: Uint32Array;
  readonly v6: Uint32Array;
  readonly framed: Uint32Array;
  readonly delegated: Uint32Array;
  readonly framedLength: Uint8Array;
  readonly delegatedLength: Uint8Array;
  readonly ports: { readonly first: Uint16Array; readonly last: Uint16Array };
}

function wordsOf(addresses: Uint8Array, rows: number): Uint32Array {
  const bytes = addresses.byteOffset % 4 === 0 ? addresses : new Uint8Array(addresses.subarray(0, rows * 16));
  return new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 4);
}

/** Views of the addresses a batch of events tells. */
export function addressesOf(columns: SessionColumns, rows: number): Addresses {
  return {
    v4: wordsOf(columns.framed_ip_address, rows),
    v6: wordsOf(columns.framed_ipv6_address, rows),
    framed: wordsOf(columns.framed_ipv6_prefix, rows),
    delegated: wordsOf(columns.delegated_ipv6_prefix, rows),
    framedLength: columns.framed_ipv6_prefix_length,
    delegatedLength: columns.delegated_ipv6_prefix_length,
    ports: { first: columns.port_first, last: columns.port_last },
  };
}

/** The keys of what events tell, made one after the other. */
export class EventKeys {
  /** The key made last, and its class. */
  high = 0;
  low = 0;
  keyClass = 0;
  /** Prefixes of a length for which there was no class left. */
  refused = 0;
  readonly #keys: PrefixKeys;
  readonly #made = { high: new Uint32Array(1), low: new Uint32Array(1) };

  constructor(keys: PrefixKeys) {
    this.#keys = keys;
  }

  /** Makes the key of what an event tells of a kind, of a session in a network; false where it tells nothing. */
  make(
    { v4, v6, framed, framedLength, delegated, delegatedLength, ports }: Addresses,
    row: number,
    kind: number,
    network: number,
  ): boolean {
    const at = row * 4;
    if (kind === 0) {
      if (!isV4(v4, at)) return false;
      const address = v4[at + 3] as number;
      this.high = address;
      if (isPrivateV4(address)) {
        this.keyClass = PRIVATE_V4;
        this.low = network;
        return true;
      }
      const first = ports.first[row] as number;
      const last = ports.last[row] as number;
      this.keyClass = PUBLIC_V4;
      this.low = last === 0 ? ANY_PORTS : ((last << 16) | first) >>> 0;
      return first <= last;
    }
    const words = kind === 1 ? v6 : kind === 2 ? framed : delegated;
    const length = kind === 1 ? 128 : ((kind === 2 ? framedLength[row] : delegatedLength[row]) as number);
    const any =
      (words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number);
    if (any === 0 || length === 0 || length > 128) return false;
    this.keyClass = this.#keys.classOf(length);
    if (this.keyClass < 0) {
      this.refused++;
      return false;
    }
    this.#keys.note(words[at] as number, length, this.keyClass);
    this.#keys.make(words, at, length, this.#made, 0);
    this.high = this.#made.high[0] as number;
    this.low = this.#made.low[0] as number;
    return true;
  }
}
