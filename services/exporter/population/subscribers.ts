import type { Random } from "@v6meter/random";
import type { PopulationCell } from "./cells.ts";
import { drawNormal } from "./chance.ts";

/** No session, no flow to come, no number held. */
export const NEVER = 0xffff_ffff;

/** How a subscriber is given IPv4; `none`: reached over IPv6 alone. */
export const IPV4_KINDS = { none: 0, own: 1, private: 2, port_block: 3, shared: 4 } as const;

/** What a subscriber does but for the usual. */
export const CONDUCTS = { usual: 0, ping_only: 1, dns_only: 2, silent: 3 } as const;

/** Bits of `traits`: IPv4 kind (3), conduct (2), then these. */
export const TRAITS = {
  ipv4: 0b111,
  conduct: 3,
  conductMask: 0b11,
  prefersIpv4: 1 << 5,
  privacy: 1 << 6,
  tunnel: 1 << 7,
} as const;

/** Bits of `state`, which changes. */
export const STATES = {
  /** The session has IPv6. */
  ipv6: 1,
  /** The next session event is an Interim-Update. */
  interim: 2,
  /** Sends something today. */
  active: 4,
  /** Is scanned today. */
  scanned: 8,
} as const;

/** Bits of `today` and `month`: what the truth counts. */
export const SEEN = {
  session: 1,
  ipv6: 2,
  ipv4: 4,
  privateIpv4: 8,
  activeIpv6: 16,
  activeIpv6Native: 32,
  activeIpv4: 64,
} as const;

/** Octets, halves of a word and words of a subscriber's record: one line of a processor's cache. */
export const OCTETS = 64;
export const HALVES = OCTETS / 2;
export const WORDS = OCTETS / 4;

/** Where in a record each property begins, in octets. */
const PLACES = {
  cell: 0,
  ipv6Above: 2,
  traits: 4,
  state: 5,
  activeDay: 6,
  flows: 7,
  today: 8,
  month: 9,
  dayBytes: 12,
  sessionAt: 16,
  flowAt: 20,
  startedAt: 24,
  prefix: 28,
  ipv4: 32,
  next: 36,
  octets: 40,
} as const;

/**
 * All subscribers: a record of 64 octets each, and each property a typed array that begins at the first
 * record's and is read at OCTETS, HALVES or WORDS times the subscriber. Times are in hundredths of a second
 * since the beginning.
 */
export interface Subscribers {
  readonly count: number;
  /** HALVES apart. */
  readonly cell: Uint16Array;
  /** Given IPv6 when the cell's share is above it, in 65,536ths; HALVES apart. */
  readonly ipv6Above: Uint16Array;
  /** OCTETS apart, as the next ones. */
  readonly traits: Uint8Array;
  readonly state: Uint8Array;
  /** Chance to be active on a day, in 255ths. */
  readonly activeDay: Uint8Array;
  /** Flows still to come today. */
  readonly flows: Uint8Array;
  readonly today: Uint8Array;
  readonly month: Uint8Array;
  /** Bytes of a median active day; WORDS apart, as the next ones. */
  readonly dayBytes: Float32Array;
  readonly sessionAt: Uint32Array;
  readonly flowAt: Uint32Array;
  /** Beginning of the session; NEVER without one. */
  readonly startedAt: Uint32Array;
  readonly prefix: Uint32Array;
  readonly ipv4: Uint32Array;
  /** Chains subscribers that are due in the same second. */
  readonly next: Int32Array;
  /** Four numbers of the session so far, in KiB: from the subscriber, to it, and of IPv6 alone. */
  readonly octets: Uint32Array;
  /** The earlier of sessionAt and flowAt, side by side: every step looks through them. */
  readonly dueAt: Uint32Array;
  /** Bytes all this takes for one subscriber. */
  readonly bytesEach: number;
}

/** Makes the subscribers of the cells: who they are is drawn here, once. */
export function createSubscribers(cells: readonly PopulationCell[], random: Random): Subscribers {
  const last = cells[cells.length - 1] as PopulationCell;
  const count = last.first + last.count;
  const records = new ArrayBuffer(OCTETS * count);
  const dueAt = new Uint32Array(count);
  const arrays = {
    cell: new Uint16Array(records, PLACES.cell),
    ipv6Above: new Uint16Array(records, PLACES.ipv6Above),
    traits: new Uint8Array(records, PLACES.traits),
    state: new Uint8Array(records, PLACES.state),
    activeDay: new Uint8Array(records, PLACES.activeDay),
    flows: new Uint8Array(records, PLACES.flows),
    today: new Uint8Array(records, PLACES.today),
    month: new Uint8Array(records, PLACES.month),
    dayBytes: new Float32Array(records, PLACES.dayBytes),
    sessionAt: new Uint32Array(records, PLACES.sessionAt),
    flowAt: new Uint32Array(records, PLACES.flowAt),
    startedAt: new Uint32Array(records, PLACES.startedAt),
    prefix: new Uint32Array(records, PLACES.prefix),
    ipv4: new Uint32Array(records, PLACES.ipv4),
    next: new Int32Array(records, PLACES.next),
    octets: new Uint32Array(records, PLACES.octets),
  };
  for (const cell of cells) {
    const { habits, network } = cell;
    const { ipv4 } = network;
    const dayMedian = (habits.median_mb_per_month * 1e6) / (30 * Math.max(0.01, habits.active_day));
    for (let s = cell.first; s < cell.first + cell.count; s++) {
      arrays.cell[HALVES * s] = cell.index;
      for (const name of ["flowAt", "startedAt", "prefix", "ipv4"] as const) arrays[name][WORDS * s] = NEVER;
      arrays.ipv6Above[HALVES * s] = random.below(65_536);
      // Uniform around the cell's mean as far as there is room below 1, so that the mean stays what it is.
      const room = Math.min(cell.activeDay, 1 - cell.activeDay);
      arrays.activeDay[OCTETS * s] = Math.round(255 * (cell.activeDay + room * (2 * random.next() - 1)));
      arrays.dayBytes[WORDS * s] = dayMedian * Math.exp(habits.sigma * drawNormal(random));

      let draw = random.next();
      let kind: number = IPV4_KINDS.none;
      for (const [share, wanted] of [
        [ipv4.public, IPV4_KINDS.own],
        [ipv4.private, IPV4_KINDS.private],
        [ipv4.port_block, IPV4_KINDS.port_block],
        [ipv4.shared, IPV4_KINDS.shared],
      ] as const) {
        if (draw >= 0 && draw < share) kind = wanted;
        draw -= share;
      }
      draw = random.next();
      let conduct: number = CONDUCTS.usual;
      for (const [share, wanted] of [
        [habits.ping_only, CONDUCTS.ping_only],
        [habits.dns_only, CONDUCTS.dns_only],
        [habits.silent, CONDUCTS.silent],
      ] as const) {
        if (draw >= 0 && draw < share) conduct = wanted;
        draw -= share;
      }
      arrays.traits[OCTETS * s] =
        kind |
        (conduct << TRAITS.conduct) |
        (random.next() < habits.prefers_ipv4 ? TRAITS.prefersIpv4 : 0) |
        (random.next() < habits.privacy_addresses ? TRAITS.privacy : 0) |
        (random.next() < network.tunnel_share ? TRAITS.tunnel : 0);
      // Sessions begin within the first half hour.
      arrays.sessionAt[WORDS * s] = random.below(180_000);
    }
  }
  return { count, ...arrays, dueAt, bytesEach: (records.byteLength + dueAt.byteLength) / count };
}
