import type { Random } from "@v6meter/random";
import type { PopulationScenario } from "@v6meter/schemas";
import { createFlow } from "../encode/flow.ts";
import { CORE_IF_INDEX } from "../scenario/cells.ts";
import { type Prefix, readPrefix } from "../scenario/prefix.ts";
import { type CellAddresses, createCellAddresses } from "./addresses.ts";
import { PORT_BLOCK, type PopulationCell } from "./cells.ts";
import { drawExponential, drawNormal, drawOctets, drawPoisson, drawSampled, mix, mixShare } from "./chance.ts";
import type { PopulationRouter } from "./router.ts";
import { CONDUCTS, HALVES, IPV4_KINDS, OCTETS, SEEN, STATES, type Subscribers, TRAITS, WORDS } from "./subscribers.ts";
import { SUMS, type TruthCounter } from "./truth.ts";

/** IANA protocol numbers. */
const ICMP = 1;
const IPV4 = 4;
const TCP = 6;
const UDP = 17;
const IPV6 = 41;
const ICMPV6 = 58;

const SYN = 0x02;
const RST_ACK = 0x14;
const TEREDO_PORT = 3_544;
/** RFC 3068: 192.88.99.1, the anycast address of 6to4 relays. */
const SIX_TO_FOUR_RELAY = 0xc0586301;
const MAPPED = 0xffff;

/** Flows through a tunnel, of a subscriber who has one. */
const TUNNELLED = 0.3;
/** Flows of a home router itself, from its WAN /64. */
const FROM_WAN = 0.04;
/** Counters of a session stop there, at 4 TiB. */
const OCTETS_MAX_KIB = 0xffff_ffff;
/** Of the packets of those who ping or ask DNS only, on a day. */
const LIGHT_PACKETS = 3_000;
const LIGHT_OCTETS = 90;

/** What subscribers send and are sent. */
export interface PopulationTraffic {
  /**
   * A flow of the subscriber that ends now, the day's last but `left - 1`; the truth takes note, routers get
   * what they have sampled.
   */
  flow(subscriber: number, left: number, nowMs: number, secondOfDay: number): void;
  /** A scan of the subscriber's addresses, and its answer if there is one. */
  scan(subscriber: number, nowMs: number): void;
  /** Flows that took place, scans and answers among them. */
  readonly flows: number;
}

/** What the traffic is made of. */
export interface PopulationTrafficOptions {
  readonly scenario: PopulationScenario;
  readonly cells: readonly PopulationCell[];
  readonly addresses: readonly CellAddresses[];
  readonly subscribers: Subscribers;
  readonly routers: readonly PopulationRouter[];
  readonly truth: TruthCounter;
  readonly random: Random;
  readonly fromMs: number;
}

/** Makes the traffic of a population. Throws CONFIG_INVALID for a prefix that is none. */
export function createPopulationTraffic(options: PopulationTrafficOptions): PopulationTraffic {
  const { scenario, cells, addresses, subscribers, routers, truth, random, fromMs } = options;
  const { cell: cellOf, traits, state, prefix, ipv4, startedAt, octets, dayBytes, today } = subscribers;
  const applications = scenario.applications.map((application, i) => ({
    ...application,
    near4: readPrefix(application.ipv4, `applications.${i}.ipv4`),
    near6: readPrefix(application.ipv6, `applications.${i}.ipv6`),
  }));
  const nat64 = readPrefix(scenario.tunnels.nat64, "tunnels.nat64");
  const aftr = readPrefix(scenario.tunnels.aftr, "tunnels.aftr");
  const srv6 = readPrefix(scenario.tunnels.srv6, "tunnels.srv6");

  const flow = createFlow();
  const near = new Uint8Array(16);
  const far = new Uint8Array(16);
  const nearWords = new DataView(near.buffer);
  const farWords = new DataView(far.buffer);
  // Copied word by word, whatever the order of their octets.
  const copies = {
    near: new Uint32Array(near.buffer),
    far: new Uint32Array(far.buffer),
    src: new Uint32Array(flow.srcAddr.buffer),
    dst: new Uint32Array(flow.dstAddr.buffer),
  };
  const outer = [new DataView(flow.outerSrcAddr.buffer), new DataView(flow.outerDstAddr.buffer)] as const;
  let flows = 0;

  const nearIpv4 = (address: number) => {
    nearWords.setUint32(0, 0);
    nearWords.setUint32(4, 0);
    nearWords.setUint32(8, MAPPED);
    nearWords.setUint32(12, address);
  };
  const farIpv4 = (address: number) => {
    farWords.setUint32(0, 0);
    farWords.setUint32(4, 0);
    farWords.setUint32(8, MAPPED);
    farWords.setUint32(12, address);
  };
  const drawIpv4 = ({ bytes, bits }: Prefix): number => {
    const network = ((bytes[12] as number) << 24) | ((bytes[13] as number) << 16) | ((bytes[14] as number) << 8);
    return (network | (random.u32() >>> (bits - 96))) >>> 0;
  };
  const drawIpv6 = (words: DataView, { bytes }: Prefix) => {
    for (let i = 0; i < 12; i++) words.setUint8(i, bytes[i] as number);
    words.setUint32(12, random.u32());
  };

  /** The subscriber's IPv6 address of the day: one of a few machines in its first network. */
  const nearIpv6 = (s: number, own: CellAddresses, day: number, fromWan: boolean) => {
    const number = prefix[WORDS * s] as number;
    nearWords.setUint32(0, own.ipv6High);
    nearWords.setUint32(4, fromWan ? own.wanLow(number) : own.prefixLow(number));
    const changing = !fromWan && (traits[OCTETS * s] as number) & TRAITS.privacy;
    const machine = fromWan ? 0 : random.below(3);
    nearWords.setUint32(8, mix(s + machine, changing ? day : -1));
    nearWords.setUint32(12, mix(s ^ 0x5ca1ab1e, (changing ? day : -1) + machine));
  };

  const routerOf = (s: number, cell: PopulationCell, version: 4 | 6): PopulationRouter => {
    const behind = version === 6 ? cell.behindIpv6 : cell.behind;
    const draw = behind.length > 1 ? mixShare(s, 0x70) : 0;
    let i = 0;
    while (i < behind.length - 1 && (behind[i]?.below as number) <= draw) i++;
    return routers[behind[i]?.router as number] as PopulationRouter;
  };

  /** Puts the packets a router sampled into a record; nothing where it sampled none. */
  const meter = (
    router: PopulationRouter,
    cell: PopulationCell,
    packets: number,
    packetOctets: number,
    nowMs: number,
    within: "srv6" | null,
  ): void => {
    const { rate } = router.spec.sampling;
    const sampled = drawSampled(random, packets, rate);
    if (sampled === 0) return;
    flow.packets = sampled;
    flow.bytes = rate === 1 ? Math.round(packets * packetOctets) : drawOctets(random, sampled, packetOctets);
    const age = flow.startAgeMs;
    router.add(flow, cell, nowMs, within);
    flow.startAgeMs = age;
  };

  /** The rest of the record: which way it goes, from `near` and `far`. */
  const fill = (cell: PopulationCell, up: boolean, nearPort: number, farPort: number, farAs: number): void => {
    const v6 = flow.ipVersion === 6;
    const ownMask = v6 ? cell.delegated.bits : cell.ipv4Own.bits - 96;
    const farMask = v6 ? 32 : 16;
    for (let i = 0; i < 4; i++) {
      const here = copies.near[i] as number;
      const there = copies.far[i] as number;
      copies.src[i] = up ? here : there;
      copies.dst[i] = up ? there : here;
    }
    flow.nextHop[10] = v6 ? 0 : 0xff;
    flow.nextHop[11] = v6 ? 0 : 0xff;
    const icmp = flow.protocol === ICMP || flow.protocol === ICMPV6;
    flow.srcPort = icmp ? 0 : up ? nearPort : farPort;
    flow.dstPort = icmp ? farPort : up ? farPort : nearPort;
    flow.srcAs = up ? cell.network.as : farAs;
    flow.dstAs = up ? farAs : cell.network.as;
    flow.srcMask = up ? ownMask : farMask;
    flow.dstMask = up ? farMask : ownMask;
    flow.inIf = up ? cell.ifIndex : CORE_IF_INDEX;
    flow.outIf = up ? CORE_IF_INDEX : cell.ifIndex;
    flow.direction = 0;
    flow.tos = 0;
    flow.outerProtocol = 0;
  };

  const countOctets = (s: number, up: boolean, v6: boolean, bytes: number) => {
    const kib = Math.round(bytes / 1_024);
    const at = WORDS * s + (up ? 0 : 1);
    octets[at] = Math.min(OCTETS_MAX_KIB, (octets[at] as number) + kib);
    if (v6) octets[at + 2] = Math.min(OCTETS_MAX_KIB, (octets[at + 2] as number) + kib);
  };

  /** Routers of the backbone meter a few flows again, some of them within SRv6. */
  const meterAgain = (cell: PopulationCell, packets: number, packetOctets: number, nowMs: number): void => {
    for (const r of cell.backbone) {
      const router = routers[r] as PopulationRouter;
      let draw = random.next();
      let technology = "";
      for (const { technology: wanted, share } of router.spec.transition) {
        if (draw >= 0 && draw < share) technology = wanted;
        draw -= share;
      }
      if (technology === "tunnel_unknown") {
        const { ipVersion, protocol, srcPort, dstPort } = flow;
        drawIpv6(new DataView(flow.srcAddr.buffer), srv6);
        drawIpv6(new DataView(flow.dstAddr.buffer), srv6);
        flow.protocol = ipVersion === 6 ? IPV6 : IPV4;
        flow.ipVersion = 6;
        flow.srcPort = flow.dstPort = 0;
        meter(router, cell, packets, packetOctets + 40, nowMs, null);
        Object.assign(flow, { ipVersion, protocol, srcPort, dstPort });
      } else if (technology === "srv6" && flow.ipVersion === 4) {
        drawIpv6(outer[0], srv6);
        drawIpv6(outer[1], srv6);
        flow.outerProtocol = IPV4;
        meter(router, cell, packets, packetOctets, nowMs, "srv6");
        flow.outerProtocol = 0;
      } else meter(router, cell, packets, packetOctets, nowMs, null);
    }
  };

  return {
    flow(s, left, nowMs, secondOfDay) {
      const cell = cells[cellOf[HALVES * s] as number] as PopulationCell;
      const own = addresses[cell.index] as CellAddresses;
      const { habits, network } = cell;
      const trait = traits[OCTETS * s] as number;
      const kind = trait & TRAITS.ipv4;
      const conduct = (trait >> TRAITS.conduct) & TRAITS.conductMask;
      const hasIpv6 = ((state[OCTETS * s] as number) & STATES.ipv6) !== 0;
      const day = Math.floor((nowMs - fromMs) / 86_400_000);
      const turn = (day + s) % 2;
      const up = conduct !== CONDUCTS.usual || (left + turn) % 2 === 0;
      flows++;

      // It ends now and began within this session and this day.
      const sessionMs = nowMs - fromMs - 10 * (startedAt[WORDS * s] as number);
      flow.startAgeMs = Math.max(
        0,
        Math.min(Math.floor(drawExponential(random, 60_000)), 280_000, sessionMs - 10, 1_000 * secondOfDay),
      );

      const application = applications[cell.pickApplication(random)] as (typeof applications)[number];
      const lightly = conduct !== CONDUCTS.usual;
      let packetOctets: number = lightly ? LIGHT_OCTETS : up ? habits.up_packet_octets : habits.down_packet_octets;
      let packets: number;
      if (lightly) packets = 1 + drawPoisson(random, LIGHT_PACKETS);
      else {
        // The day's volume is dealt out evenly among the flows of each direction.
        const ofDay = (dayBytes[WORDS * s] as number) * Math.exp(habits.day_sigma * drawNormal(random));
        const all = habits.records_per_active_day;
        const ups = turn === 0 ? Math.floor(all / 2) : Math.ceil(all / 2);
        const bytes = up ? (ofDay * habits.up_share) / ups : (ofDay * (1 - habits.up_share)) / (all - ups);
        packets = Math.max(1, Math.round(bytes / packetOctets));
      }

      let nearPort = 32_768 + random.below(28_000);
      let farPort = 443;
      flow.protocol = random.next() < 0.7 ? TCP : UDP;
      flow.tcpFlags = flow.protocol === TCP ? 0x18 : 0;
      let countsAs: number = SUMS.v4;
      const onIpv6 =
        hasIpv6 &&
        (lightly ||
          (!(trait & TRAITS.prefersIpv4 && kind !== IPV4_KINDS.none) && random.next() < application.v6_preference));
      if (onIpv6) {
        flow.ipVersion = 6;
        countsAs = SUMS.v6Native;
        nearIpv6(s, own, day, cell.wan !== null && random.next() < FROM_WAN);
        drawIpv6(farWords, application.near6);
      } else if (kind === IPV4_KINDS.none) {
        flow.ipVersion = 6;
        nearIpv6(s, own, day, false);
        if (network.over_ipv6 === "nat64") {
          countsAs = SUMS.v6Transition;
          for (let i = 0; i < 12; i++) far[i] = nat64.bytes[i] as number;
          farWords.setUint32(12, drawIpv4(application.near4));
        } else {
          flow.protocol = IPV4;
          flow.tcpFlags = 0;
          nearPort = farPort = 0;
          packetOctets = Math.min(1_480, packetOctets + 40);
          far.set(aftr.bytes);
          far[15] = 1 + (s & 3);
        }
      } else {
        flow.ipVersion = 4;
        const number = ipv4[WORDS * s] as number;
        nearIpv4(own.seenIpv4(kind, number));
        farIpv4(drawIpv4(application.near4));
        if (kind === IPV4_KINDS.port_block) nearPort = own.firstPort(number) + random.below(PORT_BLOCK.ports);
        if (trait & TRAITS.tunnel && !hasIpv6 && !lightly && random.next() < TUNNELLED) {
          countsAs = SUMS.v6Transition;
          const sort = kind === IPV4_KINDS.own ? mix(s, 0x71) % 3 : 2;
          if (sort === 2) {
            flow.protocol = UDP;
            farPort = TEREDO_PORT;
          } else {
            flow.protocol = IPV6;
            nearPort = farPort = 0;
            if (sort === 1) farIpv4(SIX_TO_FOUR_RELAY);
          }
          flow.tcpFlags = 0;
        }
      }
      if (conduct === CONDUCTS.ping_only) {
        flow.protocol = flow.ipVersion === 6 ? ICMPV6 : ICMP;
        flow.tcpFlags = 0;
        farPort = (flow.ipVersion === 6 ? 128 : 8) * 256;
      } else if (conduct === CONDUCTS.dns_only && flow.protocol !== IPV4) {
        flow.protocol = UDP;
        flow.tcpFlags = 0;
        farPort = 53;
      }
      fill(cell, up, nearPort, farPort, application.as);

      const bytes = packets * packetOctets;
      truth.add(cell.index, countsAs, bytes);
      countOctets(s, up, flow.ipVersion === 6, bytes);
      if (up && !lightly)
        today[OCTETS * s] =
          (today[OCTETS * s] as number) |
          (countsAs === SUMS.v4 ? SEEN.activeIpv4 : SEEN.activeIpv6) |
          (countsAs === SUMS.v6Native ? SEEN.activeIpv6Native : 0);
      meter(routerOf(s, cell, flow.ipVersion), cell, packets, packetOctets, nowMs, null);
      const plain = countsAs === SUMS.v6Native || (countsAs === SUMS.v4 && kind === IPV4_KINDS.own);
      if (plain && cell.backbone.length > 0 && random.next() < scenario.backbone_share)
        meterAgain(cell, packets, packetOctets, nowMs);
    },

    scan(s, nowMs) {
      const cell = cells[cellOf[HALVES * s] as number] as PopulationCell;
      const own = addresses[cell.index] as CellAddresses;
      const kind = (traits[OCTETS * s] as number) & TRAITS.ipv4;
      const hasIpv6 = ((state[OCTETS * s] as number) & STATES.ipv6) !== 0;
      const { as, near4, near6 } = applications[random.below(applications.length)] as (typeof applications)[number];
      if (hasIpv6) {
        flow.ipVersion = 6;
        nearIpv6(s, own, -1, false);
        drawIpv6(farWords, near6);
      } else if (kind === IPV4_KINDS.own) {
        flow.ipVersion = 4;
        nearIpv4(own.seenIpv4(kind, ipv4[WORDS * s] as number));
        farIpv4(drawIpv4(near4));
      } else return;
      const sessionMs = nowMs - fromMs - 10 * (startedAt[WORDS * s] as number);
      const packets = 1 + drawPoisson(random, scenario.scans.packets);
      const answered = random.next() < scenario.scans.answered;
      const port = 1_024 + random.below(30_000);
      for (const up of answered ? [false, true] : [false]) {
        flows++;
        flow.startAgeMs = Math.max(0, Math.min(30_000, sessionMs - 10));
        flow.protocol = TCP;
        flow.tcpFlags = up ? RST_ACK : SYN;
        fill(cell, up, port, 40_000 + (port & 0xfff), as);
        const bytes = packets * 64;
        truth.add(cell.index, hasIpv6 ? SUMS.v6Native : SUMS.v4, bytes);
        countOctets(s, up, hasIpv6, bytes);
        meter(routerOf(s, cell, flow.ipVersion), cell, packets, 64, nowMs, null);
      }
    },

    get flows() {
      return flows;
    },
  };
}

/** The addresses of all cells. */
export function createAddresses(cells: readonly PopulationCell[]): CellAddresses[] {
  return cells.map(createCellAddresses);
}
