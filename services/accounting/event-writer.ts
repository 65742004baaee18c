import { eachVendorAttribute, type Packet, type PortRange, readIpPortRange, readU32 } from "@v6meter/radius";
import {
  addressBytes,
  addressText,
  type DropReason,
  SESSION_STATUS_TYPES,
  type SessionBatch,
  type SessionRow,
  setU64,
  VENDOR_MEANINGS,
  type VendorMeaning,
} from "@v6meter/schemas";
import type { Client } from "./clients.ts";
import type { VendorDictionary } from "./dictionary.ts";
import { normaliseIdentity } from "./identity.ts";
import type { IdentityKeys } from "./identity-keys.ts";
import type { Outbox } from "./outbox.ts";
import { parsePrefix } from "./prefix.ts";

/** NAS whose hash is remembered; beyond it the memory starts anew. */
const NAS_MAX = 65_536;
/** An Event-Timestamp later than its arrival by more than this, or before 2000, is a clock that is not set. */
const CLOCK_TOLERANCE_MS = 60_000;
const CLOCK_UNSET_BEFORE_MS = Date.UTC(2000, 0, 1);
const { start, stop, accounting_on, accounting_off } = SESSION_STATUS_TYPES;
const STATUS_TYPES: ReadonlySet<number> = new Set(Object.values(SESSION_STATUS_TYPES));
/** Framed-IP-Address values that are no address: none, and the two of RFC 2865 section 5.8. */
const NO_ADDRESS: ReadonlySet<number> = new Set([0, 0xffff_ffff, 0xffff_fffe]);
const NO_VALUE = -1;

export interface EventWriterOptions {
  readonly outbox: Outbox;
  readonly keys: IdentityKeys;
  readonly dictionary: VendorDictionary;
}

/** What an event writer noticed, for metrics. */
export interface EventWriterCounts {
  /** Events whose Event-Timestamp cannot be: their time is that of arrival less the delay. */
  clocksOff: number;
}

/** The moment and place an event is told from, as far as packet and line have it in common. */
interface Told {
  readonly receivedAtMs: number;
  readonly eventAtMs: number;
  readonly status: number;
  readonly operator: string;
  readonly region: string;
  readonly access: string;
  readonly nas: string | null;
  readonly session: string | null;
  /** As it is hashed; null where none is told. */
  readonly identity: string | null;
}

/**
 * Writes session events to an outbox. Identities, and the names of NAS and sessions, become keyed hashes here; their
 * texts go no further.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #nas = new Map<string, Uint32Array>();
  readonly #vendor = Object.fromEntries(Object.keys(VENDOR_MEANINGS).map((name) => [name, NO_VALUE])) as Record<
    VendorMeaning,
    number
  >;
  readonly #ports: PortRange = { first: 0, last: 0, addressAt: 0 };
  #packetBytes: Uint8Array = new Uint8Array(0);
  readonly counts: EventWriterCounts = { clocksOff: 0 };

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** Writes the event of a packet; answers why there is none, or null. */
  writePacket(packet: Packet, client: Client, clientAddress: Uint8Array, receivedAtMs: number): DropReason | null {
    const status = packet.integer("Acct-Status-Type") ?? 0;
    const portType = packet.integer("NAS-Port-Type");
    const told: Told = {
      receivedAtMs,
      eventAtMs: this.#eventAtMs(packet, receivedAtMs),
      status,
      operator: client.operator,
      region: client.region,
      access: (portType === null ? undefined : client.accessByNasPortType.get(portType)) ?? client.access,
      nas: nasOf(packet),
      session: textOf(packet.value("Acct-Session-Id")),
      identity: identityOf(packet, client),
    };
    const batch = this.#begin(told);
    if (typeof batch === "string") return batch;
    const { columns, rows: row } = batch;
    columns.client.set(clientAddress, row * 16);
    const sessionTime = packet.integer("Acct-Session-Time");
    if (status === start || sessionTime !== null)
      setU64(columns.started_at, row, Math.max(0, told.eventAtMs - (sessionTime ?? 0) * 1_000));
    this.#writeAddresses(packet, batch);
    this.#writeOctets(packet, batch);
    this.#options.outbox.commitRow(batch);
    return null;
  }

  /** Writes the event of a line of a batch file; answers why there is none, or null. */
  writeRow(line: SessionRow, receivedAtMs: number): DropReason | null {
    const prefixes = (["framed_ipv6_prefix", "delegated_ipv6_prefix"] as const).map((name) => {
      const prefix = line[name] === undefined ? null : parsePrefix(line[name]);
      return { name, prefix, isWrong: line[name] !== undefined && (prefix === null || !line[name].includes(":")) };
    });
    if (prefixes.some(({ isWrong }) => isWrong)) return "line_malformed";
    if ((line.port_first ?? 0) > (line.port_last ?? 0)) return "line_malformed";
    const batch = this.#begin({
      receivedAtMs,
      eventAtMs: line.event_at,
      status: line.status_type,
      operator: line.operator ?? "unknown",
      region: line.region ?? "unknown",
      access: line.access ?? "unknown",
      nas: line.nas ?? null,
      session: line.session ?? null,
      identity: normaliseIdentity(line.identity ?? "") || null,
    });
    if (typeof batch === "string") return batch;
    const { columns, rows: row } = batch;
    const startedAt = line.started_at ?? (line.status_type === start ? line.event_at : undefined);
    if (startedAt !== undefined) setU64(columns.started_at, row, startedAt);
    for (const name of ["framed_ip_address", "framed_ipv6_address"] as const) {
      const address = line[name] === undefined ? null : addressBytes(line[name]);
      if (address !== null && line[name] !== "0.0.0.0") columns[name].set(address, row * 16);
    }
    columns.port_first[row] = line.port_first ?? 0;
    columns.port_last[row] = line.port_last ?? 0;
    for (const { name, prefix } of prefixes) {
      if (prefix === null || prefix.length === 0) continue;
      columns[name].set(prefix.address, row * 16);
      columns[`${name}_length`][row] = prefix.length;
    }
    const octets = ["input_octets", "output_octets", "ipv6_input_octets", "ipv6_output_octets"] as const;
    for (const [i, name] of octets.entries()) {
      if (line[name] === undefined) continue;
      setU64(columns[name], row, line[name]);
      columns.octets_told[row] = (columns.octets_told[row] as number) | (i < 2 ? 1 : 2);
    }
    this.#options.outbox.commitRow(batch);
    return null;
  }

  #eventAtMs(packet: Packet, receivedAtMs: number): number {
    const arrivedLess = receivedAtMs - (packet.integer("Acct-Delay-Time") ?? 0) * 1_000;
    const timestamp = packet.integer("Event-Timestamp");
    if (timestamp === null) return Math.max(0, arrivedLess);
    const eventAtMs = timestamp * 1_000;
    if (eventAtMs <= receivedAtMs + CLOCK_TOLERANCE_MS && eventAtMs >= CLOCK_UNSET_BEFORE_MS) return eventAtMs;
    this.counts.clocksOff++;
    return Math.max(0, arrivedLess);
  }

  /** Writes what every event has to the row behind the batch's last one; answers why there is no event. */
  #begin(told: Told): SessionBatch | DropReason {
    if (!STATUS_TYPES.has(told.status)) return "status_type_unknown";
    const ofNas = told.status === accounting_on || told.status === accounting_off;
    if (told.nas === null || (!ofNas && told.session === null)) return "session_untold";
    const identity = ofNas ? null : told.identity;
    // A Stop ends its session without telling whose it was.
    if (!ofNas && identity === null && told.status !== stop) return "identity_untold";
    const { outbox, keys } = this.#options;
    // Two operators may give one name to a NAS, a session or a subscriber.
    const nasName = `nas\0${told.operator}\0${told.nas}`;
    const nas = this.#nasHash(nasName);
    const batch = outbox.batchFor(nas[0] as number);
    const { columns, rows: row } = batch;
    setU64(columns.received_at, row, told.receivedAtMs);
    setU64(columns.event_at, row, told.eventAtMs);
    columns.status_type[row] = told.status;
    columns.nas.set(nas, row * 2);
    columns.operator[row] = outbox.label("operator", told.operator);
    columns.region[row] = outbox.label("region", told.region);
    columns.access[row] = outbox.label("access", told.access);
    if (ofNas) return batch;
    columns.session.set(keys.nameHash(`session\0${nasName}\0${told.session}`), row * 2);
    if (identity === null) return batch;
    const { now, next, rotatesAtMs } = keys.hash(`${told.operator}\0${identity}`, told.eventAtMs);
    columns.subscriber.set(now, row * 2);
    if (next !== null) {
      columns.subscriber_next.set(next, row * 2);
      setU64(columns.rotates_at, row, rotatesAtMs);
    }
    return batch;
  }

  #nasHash(name: string): Uint32Array {
    const known = this.#nas.get(name);
    if (known) return known;
    if (this.#nas.size >= NAS_MAX) this.#nas.clear();
    const hash = this.#options.keys.nameHash(name);
    this.#nas.set(name, hash);
    return hash;
  }

  #writeAddresses(packet: Packet, { columns, rows: row }: SessionBatch): void {
    const at = row * 16;
    const told = packet.integer("Framed-IP-Address");
    if (told !== null && !NO_ADDRESS.has(told)) packet.copyIpv4("Framed-IP-Address", columns.framed_ip_address, at);
    packet.copyIpv6("Framed-IPv6-Address", columns.framed_ipv6_address, at);
    for (const [name, column, length] of [
      ["Framed-IPv6-Prefix", columns.framed_ipv6_prefix, columns.framed_ipv6_prefix_length],
      ["Delegated-IPv6-Prefix", columns.delegated_ipv6_prefix, columns.delegated_ipv6_prefix_length],
    ] as const) {
      const bits = packet.copyPrefix(name, column, at);
      // A prefix of no bits would hold everybody's addresses.
      if (bits > 0) length[row] = bits;
    }
  }

  #writeOctets(packet: Packet, batch: SessionBatch): void {
    const { columns, rows: row } = batch;
    this.#readVendorAttributes(packet);
    const vendor = this.#vendor;
    const octetsTold = packet.has("Acct-Input-Octets") || packet.has("Acct-Output-Octets");
    const ipv6Told = vendor.ipv6_input_octets !== NO_VALUE || vendor.ipv6_output_octets !== NO_VALUE;
    columns.octets_told[row] = (octetsTold ? 1 : 0) | (ipv6Told ? 2 : 0);
    const put = (column: Uint32Array, low: number | null, high: number | null) => {
      column[row * 2] = Math.max(0, low ?? 0);
      column[row * 2 + 1] = Math.max(0, high ?? 0);
    };
    put(columns.input_octets, packet.integer("Acct-Input-Octets"), packet.integer("Acct-Input-Gigawords"));
    put(columns.output_octets, packet.integer("Acct-Output-Octets"), packet.integer("Acct-Output-Gigawords"));
    put(columns.ipv6_input_octets, vendor.ipv6_input_octets, vendor.ipv6_input_gigawords);
    put(columns.ipv6_output_octets, vendor.ipv6_output_octets, vendor.ipv6_output_gigawords);
    this.#writePorts(packet, batch);
  }

  /**
   * A block of ports is one of a shared public address: where that address is told, it stands in place of the
   * subscriber's own private one, which the block says nothing of.
   */
  #writePorts(packet: Packet, { columns, rows: row }: SessionBatch): void {
    const { port_first: first, port_last: last, port_address: address } = this.#vendor;
    let shared = address === NO_VALUE ? null : address;
    if (readIpPortRange(packet, this.#ports)) {
      columns.port_first[row] = this.#ports.first;
      columns.port_last[row] = this.#ports.last;
      shared = this.#ports.addressAt === 0 ? null : readU32(this.#packetBytes, this.#ports.addressAt);
    } else if (first >= 0 && last >= first && last > 0 && last <= 65_535) {
      columns.port_first[row] = first;
      columns.port_last[row] = last;
    } else return;
    if (shared === null || NO_ADDRESS.has(shared)) return;
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, shared >>> 24, shared >>> 16, shared >>> 8, shared];
    columns.framed_ip_address.set(mapped, row * 16);
  }

  #readVendorAttributes(packet: Packet): void {
    for (const name in this.#vendor) this.#vendor[name as VendorMeaning] = NO_VALUE;
    if (!packet.has("Vendor-Specific") && !packet.offset(241)) return;
    this.#packetBytes = packet.bytes;
    eachVendorAttribute(packet, this.#onVendorAttribute);
  }

  readonly #onVendorAttribute = (vendor: number, type: number, at: number, length: number): void => {
    const meaning = this.#options.dictionary.meaning(vendor, type);
    if (meaning !== undefined && length === 4) this.#vendor[meaning] = readU32(this.#packetBytes, at);
  };
}

function textOf(value: Uint8Array | null): string | null {
  return value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
}

/** Octets that are no text are told apart by their hex digits, not by what is left of them as UTF-8. */
function identityOf(packet: Packet, client: Client): string | null {
  for (const name of client.identityAttributes) {
    const value = packet.value(name);
    if (value === null) continue;
    const text = textOf(value) as string;
    const identity = normaliseIdentity(text.includes("\ufffd") ? Buffer.from(value).toString("hex") : text);
    // One that is there and says nothing, as the Chargeable-User-Identity of one NUL (RFC 4372), gives way to the next.
    if (identity !== "") return identity;
  }
  return null;
}

/** RFC 2866 section 5.13 wants one of them; where several are told, the first of this order names the NAS. */
function nasOf(packet: Packet): string | null {
  const identifier = textOf(packet.value("NAS-Identifier"));
  if (identifier !== null) return identifier;
  const address = new Uint8Array(16);
  const found = packet.copyIpv6("NAS-IPv6-Address", address, 0) || packet.copyIpv4("NAS-IP-Address", address, 0);
  return found ? addressText(address) : null;
}
