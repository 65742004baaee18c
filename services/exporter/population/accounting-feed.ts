import { type AccountingAttributes, encodeAccountingRequest, type VendorAttribute } from "@v6meter/radius";
import { SESSION_STATUS_TYPES } from "@v6meter/schemas";
import { PORT_BLOCK, type PopulationCell } from "./cells.ts";
import { identityOf, type SessionFeed, type SessionFeedOptions } from "./session-columns.ts";
import { HALVES, IPV4_KINDS, OCTETS, STATES, TRAITS, WORDS } from "./subscribers.ts";

/** Huawei's enterprise number and attributes, as FreeRADIUS' dictionary.huawei has them. */
const HUAWEI = 2_011;
const IPV6_OCTETS = { input: 144, output: 145, inputGigawords: 148, outputGigawords: 149 } as const;
const NAT = { address: 161, first: 162, last: 163 } as const;
/** Acct-Terminate-Cause 1: User-Request. */
const USER_REQUEST = 1;
const TWO_32 = 4_294_967_296;

/** An Accounting-Request (RFC 2866) but for its identifier and its secret. */
export interface AccountingEvent {
  /** Index of the cell whose NAS sends it. */
  readonly cell: number;
  /** The time it is told with. */
  readonly atMs: number;
  /** The packet, signed. */
  encode(identifier: number, secret: Uint8Array): Buffer;
}

/** Events as the requests that a NAS sends of them. */
export interface AccountingFeed extends SessionFeed {
  /** Those told since the last call, in order of time within a second. */
  take(): AccountingEvent[];
}

const ipv4Octets = (address: number) => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(address);
  return octets;
};
const ipv6Prefix = (high: number, low: number, length: number) => {
  const address = Buffer.alloc(16);
  address.writeUInt32BE(high, 0);
  address.writeUInt32BE(low, 4);
  return { address, length };
};

/** Writes session events as accounting requests. */
export function createAccountingFeed(options: SessionFeedOptions): AccountingFeed {
  const { cells, addresses, subscribers, fromMs, clock } = options;
  let events: AccountingEvent[] = [];

  return {
    tell(status, s, happenedMs) {
      const c = subscribers.cell[HALVES * s] as number;
      const cell = cells[c] as PopulationCell;
      const own = addresses[c] as (typeof addresses)[number];
      const startedAt = subscribers.startedAt[WORDS * s] as number;
      const atMs = clock(happenedMs);
      const startedMs = clock(fromMs + 10 * startedAt);
      const kind = (subscribers.traits[OCTETS * s] as number) & TRAITS.ipv4;
      const number = subscribers.ipv4[WORDS * s] as number;
      const vendorAttributes: VendorAttribute[] = [];
      let attributes: AccountingAttributes = {
        "Acct-Status-Type": status,
        "User-Name": identityOf(cell, s),
        "NAS-Identifier": cell.nas,
        "Acct-Session-Id": `${s.toString(36)}-${startedAt.toString(36)}`,
        "Event-Timestamp": Math.floor(atMs / 1_000),
      };
      if (kind === IPV4_KINDS.port_block) {
        const first = own.firstPort(number);
        vendorAttributes.push(
          { vendor: HUAWEI, type: NAT.address, value: ipv4Octets(own.toldIpv4(kind, number)) },
          { vendor: HUAWEI, type: NAT.first, value: first },
          { vendor: HUAWEI, type: NAT.last, value: first + PORT_BLOCK.ports - 1 },
        );
      } else if (kind !== IPV4_KINDS.none)
        attributes = { ...attributes, "Framed-IP-Address": ipv4Octets(own.toldIpv4(kind, number)) };
      if ((subscribers.state[OCTETS * s] as number) & STATES.ipv6) {
        const prefix = subscribers.prefix[WORDS * s] as number;
        const { prefix_length } = cell.network;
        const low = own.prefixLow(prefix);
        if (cell.wan || prefix_length === 64)
          attributes = {
            ...attributes,
            "Framed-IPv6-Prefix": ipv6Prefix(own.ipv6High, cell.wan ? own.wanLow(prefix) : low, 64),
          };
        if (prefix_length !== 64)
          attributes = { ...attributes, "Delegated-IPv6-Prefix": ipv6Prefix(own.ipv6High, low, prefix_length) };
      }
      if (status !== SESSION_STATUS_TYPES.start) {
        const octets = (what: number) => 1_024 * (subscribers.octets[WORDS * s + what] as number);
        attributes = {
          ...attributes,
          "Acct-Session-Time": Math.floor((atMs - startedMs) / 1_000),
          "Acct-Input-Octets": octets(0) % TWO_32,
          "Acct-Input-Gigawords": Math.floor(octets(0) / TWO_32),
          "Acct-Output-Octets": octets(1) % TWO_32,
          "Acct-Output-Gigawords": Math.floor(octets(1) / TWO_32),
          ...(status === SESSION_STATUS_TYPES.stop ? { "Acct-Terminate-Cause": USER_REQUEST } : {}),
        };
        vendorAttributes.push(
          { vendor: HUAWEI, type: IPV6_OCTETS.input, value: octets(2) % TWO_32 },
          { vendor: HUAWEI, type: IPV6_OCTETS.inputGigawords, value: Math.floor(octets(2) / TWO_32) },
          { vendor: HUAWEI, type: IPV6_OCTETS.output, value: octets(3) % TWO_32 },
          { vendor: HUAWEI, type: IPV6_OCTETS.outputGigawords, value: Math.floor(octets(3) / TWO_32) },
        );
      }
      events.push({
        cell: c,
        atMs,
        encode: (identifier, secret) => encodeAccountingRequest({ identifier, secret, attributes, vendorAttributes }),
      });
    },
    take() {
      const taken = events;
      events = [];
      return taken;
    },
  };
}
