import type { Random } from "@v6meter/random";
import type { Scenario, ScenarioTechnology, Technology } from "@v6meter/schemas";
import type { ExportedFlow } from "../encode/flow.ts";
import { type Cell, CORE_IF_INDEX } from "./cells.ts";
import { createPick } from "./pick.ts";
import { drawAddress, drawBits, type Prefix, readPrefix, writeBits } from "./prefix.ts";

/** What the classifier should say of a flow, beside its place. */
export interface Verdict {
  readonly technology: Technology;
  /** False where the addresses belong to no subscriber: tunnel endpoints, link-local addresses. */
  readonly subscriber: boolean;
}

const VERDICTS: Readonly<Record<ScenarioTechnology, Verdict>> = {
  "6in4": { technology: "6in4", subscriber: true },
  "6to4": { technology: "6to4", subscriber: true },
  teredo: { technology: "teredo", subscriber: true },
  nat64: { technology: "nat64", subscriber: true },
  ds_lite: { technology: "ds_lite", subscriber: true },
  srv6: { technology: "native", subscriber: true },
  tunnel_unknown: { technology: "tunnel_unknown", subscriber: false },
  gtp_u: { technology: "gtp_u", subscriber: true },
  special: { technology: "special", subscriber: false },
};
const NATIVE: Verdict = { technology: "native", subscriber: true };

/** Every verdict, so that one can be numbered. */
export const ALL_VERDICTS: readonly Verdict[] = [NATIVE, ...Object.values(VERDICTS)];

/** IANA protocol numbers. */
const ICMP = 1;
const IPV4 = 4;
const TCP = 6;
const UDP = 17;
const IPV6 = 41;
const ICMPV6 = 58;

/** RFC 3068: the anycast address of 6to4 relays. */
const SIX_TO_FOUR_RELAY = [192, 88, 99, 1];
const MAPPED = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);

/** Draws flows of the scenario's traffic. */
export interface TrafficSource {
  /**
   * Fills the flow with one of the cell's: `technology` null draws native IPv6 in the cell's share,
   * or only IPv4 where `v4Only`. Sampler, sampling rate and domain are the router's business.
   */
  draw(flow: ExportedFlow, cell: Cell, technology: ScenarioTechnology | null, v4Only: boolean, random: Random): Verdict;
}

/** Makes the source of a scenario's traffic. Throws CONFIG_INVALID for a prefix that is none. */
export function createTrafficSource(scenario: Scenario): TrafficSource {
  const remotes = (name: "ipv4" | "ipv6") =>
    scenario.remotes[name].map(({ prefix, as }, i) => ({
      prefix: readPrefix(prefix, `remotes.${name}.${i}.prefix`),
      as,
    }));
  const remote4 = remotes("ipv4");
  const remote6 = remotes("ipv6");
  const pick4 = createPick(scenario.remotes.ipv4.map(({ weight }) => weight));
  const pick6 = createPick(scenario.remotes.ipv6.map(({ weight }) => weight));
  const nat64 = readPrefix(scenario.tunnels.nat64, "tunnels.nat64");
  const nat64Head = nat64.bytes.subarray(0, 12);
  const aftr = readPrefix(scenario.tunnels.aftr, "tunnels.aftr");
  const srv6 = readPrefix(scenario.tunnels.srv6, "tunnels.srv6");
  const near = new Uint8Array(16);
  const far = new Uint8Array(16);

  const subscriber6 = (cell: Cell, random: Random) => {
    near.set(cell.ipv6.bytes);
    const length = cell.network.subscriber_prefix_length;
    const room = Math.min(30, length - cell.ipv6.bits);
    // An odd factor is a permutation modulo a power of two: neighbours are spread, none coincide.
    const spread = Math.imul(random.below(cell.subscribers), 0x2545f491) & (2 ** room - 1);
    writeBits(near, length - room, room, spread);
    drawBits(near, length, random);
  };
  const subscriber4 = (cell: Cell, random: Random) => {
    near.set(cell.ipv4.bytes);
    const room = Math.min(30, 128 - cell.ipv4.bits);
    const spread = Math.imul(random.below(cell.subscribers), 0x2545f491) & (2 ** room - 1);
    writeBits(near, 128 - room, room, spread);
  };
  /** Writes a remote IPv4 address and gives its AS. */
  const peer4 = (random: Random): number => {
    const { prefix, as } = remote4[pick4(random)] as { prefix: Prefix; as: number };
    drawAddress(far, prefix, random);
    return as;
  };
  const peer6 = (random: Random): number => {
    const { prefix, as } = remote6[pick6(random)] as { prefix: Prefix; as: number };
    drawAddress(far, prefix, random);
    return as;
  };

  return {
    draw(flow, cell, technology, v4Only, random) {
      const verdict = technology ? VERDICTS[technology] : NATIVE;
      let nearPort = 32_768 + random.below(28_000);
      let farPort = 443;
      let peerAs = 0;
      flow.outerProtocol = 0;

      if (technology === null) {
        flow.ipVersion = !v4Only && random.next() < cell.v6Share ? 6 : 4;
        const dice = random.next();
        flow.protocol = dice < 0.72 ? TCP : dice < 0.985 ? UDP : flow.ipVersion === 6 ? ICMPV6 : ICMP;
        farPort = flow.protocol === UDP && random.next() < 0.2 ? 53 : random.next() < 0.85 ? 443 : 80;
        if (flow.ipVersion === 6) {
          subscriber6(cell, random);
          peerAs = peer6(random);
        } else {
          subscriber4(cell, random);
          peerAs = peer4(random);
        }
      } else if (technology === "nat64") {
        flow.ipVersion = 6;
        flow.protocol = TCP;
        peerAs = peer4(random);
        far.set(nat64Head);
        subscriber6(cell, random);
      } else if (technology === "ds_lite") {
        flow.ipVersion = 6;
        flow.protocol = IPV4;
        nearPort = farPort = 0;
        subscriber6(cell, random);
        far.set(aftr.bytes);
        far[15] = 1 + random.below(4);
      } else if (technology === "6to4" && random.next() < 0.5) {
        // The other half of 6to4: native IPv6 to a host behind a 6to4 router (RFC 3056 §2).
        flow.ipVersion = 6;
        flow.protocol = TCP;
        peerAs = peer4(random);
        far.copyWithin(2, 12, 16);
        far.fill(0, 6);
        far[0] = 0x20;
        far[1] = 0x02;
        far[15] = 1;
        subscriber6(cell, random);
      } else if (technology === "6to4" || technology === "6in4") {
        flow.ipVersion = 4;
        flow.protocol = IPV6;
        nearPort = farPort = 0;
        subscriber4(cell, random);
        peerAs = peer4(random);
        if (technology === "6to4") {
          far.set(MAPPED);
          far.set(SIX_TO_FOUR_RELAY, 12);
        }
      } else if (technology === "teredo") {
        flow.ipVersion = 4;
        flow.protocol = UDP;
        farPort = 3_544;
        subscriber4(cell, random);
        peerAs = peer4(random);
      } else if (technology === "gtp_u") {
        flow.ipVersion = 4;
        flow.protocol = UDP;
        nearPort = farPort = 2_152;
        subscriber4(cell, random);
        peerAs = peer4(random);
      } else if (technology === "srv6") {
        flow.ipVersion = 4;
        flow.protocol = TCP;
        flow.outerProtocol = IPV4;
        drawAddress(flow.outerSrcAddr, srv6, random);
        drawAddress(flow.outerDstAddr, srv6, random);
        subscriber4(cell, random);
        peerAs = peer4(random);
      } else if (technology === "tunnel_unknown") {
        flow.ipVersion = 6;
        flow.protocol = random.next() < 0.5 ? IPV4 : IPV6;
        nearPort = farPort = 0;
        drawAddress(near, srv6, random);
        drawAddress(far, srv6, random);
      } else {
        flow.ipVersion = 6;
        flow.protocol = UDP;
        nearPort = 546;
        farPort = 547;
        near.fill(0);
        near.set([0xfe, 0x80]);
        near[15] = 1 + random.below(250);
        far.fill(0);
        far.set([0xff, 0x02]);
        far.set([0, 1, 0, 2], 12);
      }

      if (flow.protocol === ICMP || flow.protocol === ICMPV6) {
        nearPort = 0;
        farPort = flow.protocol === ICMP ? 8 * 256 : 128 * 256;
      }
      const down = verdict.subscriber && random.next() < 0.6;
      const ownAs = verdict.subscriber ? cell.network.as : 0;
      fill(flow, cell, ownAs, down, nearPort, farPort, peerAs, random);
      return verdict;
    },
  };

  function fill(
    flow: ExportedFlow,
    cell: Cell,
    ownAs: number,
    down: boolean,
    nearPort: number,
    farPort: number,
    peerAs: number,
    random: Random,
  ): void {
    const v6 = flow.ipVersion === 6;
    const ownMask = v6 ? cell.ipv6.bits : cell.ipv4.bits - 96;
    const peerMask = v6 ? 32 : 16;
    flow.srcAddr.set(down ? far : near);
    flow.dstAddr.set(down ? near : far);
    flow.nextHop.fill(0);
    if (!v6) flow.nextHop.set(MAPPED);
    // ICMP's type and code stand in the destination port whichever way it goes.
    const icmp = flow.protocol === ICMP || flow.protocol === ICMPV6;
    flow.srcPort = icmp ? 0 : down ? farPort : nearPort;
    flow.dstPort = icmp ? farPort : down ? nearPort : farPort;
    flow.srcAs = down ? peerAs : ownAs;
    flow.dstAs = down ? ownAs : peerAs;
    flow.srcMask = down ? peerMask : ownMask;
    flow.dstMask = down ? ownMask : peerMask;
    flow.inIf = down ? CORE_IF_INDEX : cell.ifIndex;
    flow.outIf = down ? cell.ifIndex : CORE_IF_INDEX;
    flow.direction = 0;
    flow.tos = random.next() < 0.1 ? 0xb8 : 0;
    flow.tcpFlags = flow.protocol === TCP ? (random.next() < 0.2 ? 0x1b : 0x18) : 0;
    // Few of a flow's packets are sampled; downstream ones are near the MTU, upstream ones mostly small.
    let packets = 1;
    while (packets < 40 && random.next() < 0.55) packets++;
    const octets = down
      ? random.next() < 0.75
        ? 1_300 + random.below(200)
        : 80 + random.below(600)
      : random.next() < 0.8
        ? 60 + random.below(120)
        : 600 + random.below(880);
    flow.packets = packets;
    flow.bytes = packets * octets;
    flow.endAgeMs = 50 + random.below(2_000);
    flow.startAgeMs = flow.endAgeMs + random.below(5_000);
  }
}
