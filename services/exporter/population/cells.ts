import type { Random } from "@v6meter/random";
import {
  type AaaCoverage,
  addressBytes,
  Fault,
  type PopulationHabits,
  type PopulationNetwork,
  type PopulationScenario,
  type ScenarioRegion,
  type ScenarioRouter,
} from "@v6meter/schemas";
import { createPick } from "../scenario/pick.ts";
import { type Prefix, readPrefix, subPrefix } from "../scenario/prefix.ts";
import { createDayCurve, type DayCurve, mixShare } from "./chance.ts";
import { Pool } from "./pool.ts";

/** Ports of one block of a shared IPv4 address: 1,008 of them, 64 blocks an address, from port 1,024 on. */
export const PORT_BLOCK = { ports: 1_008, perAddress: 64, first: 1_024 } as const;

/** A router and the part of a cell's subscribers behind it. */
interface Behind {
  readonly router: number;
  /** Subscribers whose draw is below it hang on this router or one before it. */
  readonly below: number;
}

/** The subscribers of one operator and access type in one region. */
export interface PopulationCell {
  readonly index: number;
  readonly region: ScenarioRegion;
  readonly network: PopulationNetwork;
  readonly habits: PopulationHabits;
  readonly curve: DayCurve;
  /** Accounting tells of its sessions. */
  readonly aaa: boolean;
  /** First subscriber and how many there are: they are numbered cell by cell. */
  readonly first: number;
  readonly count: number;
  /** Subscribers given IPv6 in the first month. */
  readonly ipv6Share: number;
  readonly activeDay: number;
  readonly newSessionsPerDay: number;
  /** SNMP ifIndex of the interface they hang on, at any router that sees them. */
  readonly ifIndex: number;
  /** Name and address of the NAS that gives out its addresses. */
  readonly nas: string;
  readonly client: string;
  readonly clientBytes: Uint8Array;
  readonly delegated: Prefix;
  /** The WAN /64s of home routers; null where there are none. */
  readonly wan: Prefix | null;
  readonly ipv4Own: Prefix;
  readonly ipv4Shared: Prefix;
  readonly ipv4Private: Prefix;
  readonly prefixes: Pool;
  readonly own: Pool;
  readonly private: Pool;
  readonly blocks: Pool;
  /** Routers that meter the cell's flows first; those of version 5 see IPv4 only. */
  readonly behind: readonly Behind[];
  readonly behindIpv6: readonly Behind[];
  /** Routers of the backbone that may meter them again. */
  readonly backbone: readonly number[];
  readonly pickApplication: (random: Random) => number;
}

const sees = (router: ScenarioRouter, network: PopulationNetwork, region: ScenarioRegion): number =>
  router.traffic
    .filter(
      ({ operator, access, regions }) =>
        operator === network.operator && access === network.access && (regions?.includes(region.code) ?? true),
    )
    .reduce((sum, { weight }) => sum + weight, 0);

function dealOut(weights: readonly { router: number; weight: number }[]): Behind[] {
  const all = weights.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  return weights.map(({ router, weight }) => {
    sum += weight;
    return { router, below: sum / all };
  });
}

/** The ifIndex of a cell's interface. */
const ifIndexOf = (network: number, region: number) => 1_000 + network * 100 + region + 1;

/** What can be asked of a province beside its scenario. */
export interface CellOptions {
  readonly seed: number;
  readonly subscribers: number;
  readonly aaa: AaaCoverage;
}

/**
 * Every region times network of a population, networks first. Throws CONFIG_INVALID where a prefix is none or
 * is too small to be split.
 */
export function createPopulationCells(
  scenario: PopulationScenario,
  { seed, subscribers, aaa }: CellOptions,
): PopulationCell[] {
  const { regions, networks, routers, applications } = scenario;
  const bits = Math.ceil(Math.log2(Math.max(2, regions.length)));
  const weightOfRegions = regions.reduce((sum, { weight }) => sum + weight, 0);
  const weightOfNetworks = networks.reduce((sum, { weight }) => sum + weight, 0);
  let first = 0;
  let index = 0;

  return networks.flatMap((network, n) => {
    const where = `networks.${n}`;
    const ipv6 = readPrefix(network.ipv6, `${where}.ipv6`);
    const ipv4 = readPrefix(network.ipv4_public, `${where}.ipv4_public`);
    const ipv4Private = readPrefix(network.ipv4_private, `${where}.ipv4_private`);
    const split = bits + (network.wan ? 1 : 0);
    // Numbers of prefixes are written into the second word of an address.
    if (ipv6.bits + split < 32 || ipv6.bits + split + 8 > network.prefix_length)
      throw new Fault(
        "CONFIG_INVALID",
        `${where}.ipv6: ${network.ipv6} cannot be split for ${regions.length} regions and prefixes of ${network.prefix_length} bits; /${Math.max(0, 32 - split)} to /${network.prefix_length - split - 8} is possible.`,
      );
    if (ipv4.bits + bits + 1 > 126)
      throw new Fault(
        "CONFIG_INVALID",
        `${where}.ipv4_public: ${network.ipv4_public} leaves no room for ${regions.length} regions; at most /${29 - bits} is possible.`,
      );
    const habits = scenario.habits[network.access];
    const curve = createDayCurve(habits.day_curve);
    const used = applications.map(({ name, weight }) => (habits.applications.includes(name) ? weight : 0));
    const covered = coveredRegions(network.aaa ?? aaa, regions.length, seed * 101 + n);

    return regions.map((region, r): PopulationCell => {
      const deviation = (what: number) => 1 + scenario.spread * (2 * mixShare(seed * 7_919 + what, n * 64 + r) - 1);
      const count = Math.max(
        1,
        Math.round((subscribers * network.weight * region.weight) / weightOfNetworks / weightOfRegions),
      );
      const ofRegion = subPrefix(ipv6, bits, r);
      const publicOfRegion = subPrefix(ipv4, bits, r);
      const delegated = network.wan ? subPrefix(ofRegion, 1, 0) : ofRegion;
      const ipv4Shared = subPrefix(publicOfRegion, 1, 1);
      const ipv4Own = subPrefix(publicOfRegion, 1, 0);
      const seen = routers.map((router, i) => ({ router: i, weight: sees(router, network, region) }));
      const name = `${network.operator} ${network.access} ${region.code}`;
      const parts = seen.filter(
        ({ router, weight }) => weight > 0 && routers[router]?.observation_point !== "backbone",
      );
      const client = `127.87.${n + 1}.${r + 1}`;
      const cell: PopulationCell = {
        index,
        region,
        network,
        habits,
        curve,
        aaa: covered[r] === true,
        first,
        count,
        ipv6Share: Math.min(1, Math.max(0, network.ipv6_share + region.v6_offset) * deviation(1)),
        activeDay: Math.min(1, habits.active_day * (1 + (deviation(2) - 1) / 2)),
        newSessionsPerDay: habits.new_sessions_per_day * deviation(3),
        ifIndex: ifIndexOf(n, r),
        nas: `nas-${network.operator}-${network.access}-${region.code}`,
        client,
        clientBytes: addressBytes(client) as Uint8Array,
        delegated,
        wan: network.wan ? subPrefix(ofRegion, 1, 1) : null,
        ipv4Own,
        ipv4Shared,
        ipv4Private,
        prefixes: new Pool(`IPv6 prefixes of ${name}`, 2 ** Math.min(31, network.prefix_length - delegated.bits)),
        own: new Pool(`public IPv4 addresses of ${name}`, 2 ** (128 - ipv4Own.bits)),
        private: new Pool(`private IPv4 addresses of ${name}`, 2 ** (128 - ipv4Private.bits)),
        blocks: new Pool(`port blocks of ${name}`, 2 ** (127 - ipv4Shared.bits) * PORT_BLOCK.perAddress),
        behind: dealOut(parts),
        behindIpv6: dealOut(parts.filter(({ router }) => routers[router]?.version !== 5)),
        backbone: seen
          .filter(({ router, weight }) => weight > 0 && routers[router]?.observation_point === "backbone")
          .map(({ router }) => router),
        pickApplication: createPick(used),
      };
      first += count;
      index++;
      return cell;
    });
  });
}

/** Half of the regions are every other one of a seeded order, so that large and small ones are in both halves. */
function coveredRegions(coverage: AaaCoverage, regions: number, seed: number): boolean[] {
  if (coverage !== "half") return new Array<boolean>(regions).fill(coverage === "all");
  const order = Array.from({ length: regions }, (_, r) => r).sort((a, b) => mixShare(seed, a) - mixShare(seed, b));
  const covered = new Array<boolean>(regions).fill(false);
  for (const [place, region] of order.entries()) covered[region] = place % 2 === 0;
  return covered;
}
