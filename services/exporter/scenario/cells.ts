import { Random } from "@v6meter/random";
import type { Scenario, ScenarioNetwork, ScenarioRegion } from "@v6meter/schemas";
import { Fault } from "@v6meter/schemas";
import { type Prefix, readPrefix, subPrefix } from "./prefix.ts";

/** The subscribers of one operator and access type in one region. */
export interface Cell {
  readonly region: ScenarioRegion;
  readonly network: ScenarioNetwork;
  /** SNMP ifIndex of the interface they hang on, at any router that sees them. */
  readonly ifIndex: number;
  readonly weight: number;
  /** Target of IPv6 bytes over all bytes. */
  readonly v6Share: number;
  readonly ipv6: Prefix;
  readonly ipv4: Prefix;
  readonly subscribers: number;
}

/** The ifIndex of every router's interface away from its subscribers. */
export const CORE_IF_INDEX = 1;

/** Bits needed to give every region a part of a prefix. */
export function regionBits(scenario: Scenario): number {
  return Math.ceil(Math.log2(Math.max(2, scenario.regions.length)));
}

/**
 * Every region times network of a scenario, networks first. Throws CONFIG_INVALID where a prefix is
 * none or is too small to be split.
 */
export function createCells(scenario: Scenario, seed: number): Cell[] {
  const random = new Random(seed ^ 0x5ee0ce11);
  const bits = regionBits(scenario);
  const regionWeight = scenario.regions.reduce((sum, { weight }) => sum + weight, 0);
  return scenario.networks.flatMap((network, n) => {
    const ipv6 = readPrefix(network.ipv6, `networks.${n}.ipv6`);
    const ipv4 = readPrefix(network.ipv4, `networks.${n}.ipv4`);
    if (ipv6.bits + bits + 8 > network.subscriber_prefix_length)
      throw new Fault(
        "CONFIG_INVALID",
        `networks.${n}.ipv6: ${network.ipv6} leaves no room for ${scenario.regions.length} regions and prefixes of ${network.subscriber_prefix_length} bits; at most /${network.subscriber_prefix_length - bits - 8} is possible.`,
      );
    if (ipv4.bits + bits > 122)
      throw new Fault(
        "CONFIG_INVALID",
        `networks.${n}.ipv4: ${network.ipv4} leaves no room for ${scenario.regions.length} regions; at most /${26 - bits} is possible.`,
      );
    return scenario.regions.map((region, r) => {
      const deviation = scenario.v6_share_spread * (2 * random.next() - 1);
      return {
        region,
        network,
        ifIndex: 1_000 + n * 100 + r + 1,
        weight: (network.weight * region.weight) / regionWeight,
        v6Share: Math.min(0.995, Math.max(0.005, network.v6_share + region.v6_offset + deviation)),
        ipv6: subPrefix(ipv6, bits, r),
        ipv4: subPrefix(ipv4, bits, r),
        subscribers: Math.max(1, Math.round((network.subscribers * region.weight) / regionWeight)),
      };
    });
  });
}
