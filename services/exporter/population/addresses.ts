import type { Prefix } from "../scenario/prefix.ts";
import { PORT_BLOCK, type PopulationCell } from "./cells.ts";
import { IPV4_KINDS } from "./subscribers.ts";

const word = ({ bytes }: Prefix, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * at);

/** An odd factor is a permutation modulo a power of two: neighbours are spread, none coincide. */
const spread = (number: number, bits: number): number => (Math.imul(number, 0x2545f491) & (2 ** bits - 1)) >>> 0;

/** What the numbers of a cell's pools stand for, as 32-bit words of addresses. */
export interface CellAddresses {
  /** First word of every IPv6 address. */
  readonly ipv6High: number;
  /** Second word of the prefix of a number. */
  prefixLow(number: number): number;
  /** Second word of the WAN /64 that goes with the prefix of a number. */
  wanLow(number: number): number;
  /** The IPv4 address that accounting tells, by kind; 0 for `none`. */
  toldIpv4(kind: number, number: number): number;
  /** The IPv4 address a router sees. */
  seenIpv4(kind: number, number: number): number;
  /** First port of the block of a number. */
  firstPort(number: number): number;
}

/** Works out the addresses of a cell. */
export function createCellAddresses(cell: PopulationCell): CellAddresses {
  const { delegated, wan, network } = cell;
  const room = Math.min(30, network.prefix_length - delegated.bits);
  const low = word(delegated, 1);
  const wanBase = wan ? word(wan, 1) : 0;
  const shift = 64 - network.prefix_length;
  const own = word(cell.ipv4Own, 3);
  const ownBits = 128 - cell.ipv4Own.bits;
  const hidden = word(cell.ipv4Private, 3);
  const hiddenBits = Math.min(30, 128 - cell.ipv4Private.bits);
  // The lower half of the shared addresses is dealt out in blocks, the upper one is not.
  const shared = word(cell.ipv4Shared, 3);
  const sharedHalf = 2 ** (127 - cell.ipv4Shared.bits);

  const inside = (number: number) => (hidden | spread(number, hiddenBits)) >>> 0;
  return {
    ipv6High: word(delegated, 0),
    prefixLow: (number) => (low | (spread(number, room) << shift)) >>> 0,
    wanLow: (number) => (wanBase | spread(number, room)) >>> 0,
    toldIpv4(kind, number) {
      if (kind === IPV4_KINDS.own) return (own | spread(number, ownBits)) >>> 0;
      if (kind === IPV4_KINDS.port_block) return (shared | Math.floor(number / PORT_BLOCK.perAddress)) >>> 0;
      return kind === IPV4_KINDS.none ? 0 : inside(number);
    },
    seenIpv4(kind, number) {
      if (kind === IPV4_KINDS.shared)
        return (shared + sharedHalf + (Math.floor(number / PORT_BLOCK.perAddress) % sharedHalf)) >>> 0;
      return this.toldIpv4(kind, number);
    },
    firstPort: (number) => PORT_BLOCK.first + PORT_BLOCK.ports * (number % PORT_BLOCK.perAddress),
  };
}
