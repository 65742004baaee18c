import { z } from "zod";
import { scenarioRegion, scenarioRouter } from "./scenario.ts";
import { asNumber, share, v4Prefix, v6Prefix, weight } from "./scenario-terms.ts";

/**
 * A simulated province of subscribers over days and months: who they are, what they are given and what they
 * do. The truth of users is counted from what they did, before any router has sampled it.
 */

/** Access types subscribers can have here. */
export const POPULATION_ACCESS_TYPES = ["mobile", "fixed", "iot", "enterprise"] as const;
export type PopulationAccess = (typeof POPULATION_ACCESS_TYPES)[number];

/** Where accounting (RADIUS) tells of sessions: in all cities of a network, in every other one, in none. */
export const AAA_COVERAGES = ["all", "half", "none"] as const;
export type AaaCoverage = (typeof AAA_COVERAGES)[number];

const aaaCoverage = z.enum(AAA_COVERAGES);
const perDay = z.number().min(0).max(50);

/** What subscribers of an access type do. */
export const populationHabits = z.strictObject({
  active_day: share.describe("Days on which a subscriber sends anything, on average; subscribers differ"),
  records_per_active_day: z
    .int()
    .min(2)
    .max(32)
    .default(3)
    .describe("A day's traffic is gathered into so many one-way flows, up and down in turn"),
  day_curve: z.array(z.number().min(0)).length(24).describe("Traffic by hour of the local day, in proportion"),
  median_mb_per_month: z.number().positive().max(10_000_000).describe("Median subscriber's volume, both directions"),
  sigma: z.number().min(0).max(4).describe("Of the logarithm of a subscriber's volume (log-normal)"),
  day_sigma: z.number().min(0).max(4).default(0.6).describe("Of the logarithm of a day's volume around it"),
  up_share: share.describe("Bytes sent by the subscriber over all bytes"),
  up_packet_octets: z.int().min(64).max(1480).describe("Mean length of packets from the subscriber"),
  down_packet_octets: z.int().min(64).max(1480).describe("Mean length of packets to the subscriber"),
  new_sessions_per_day: perDay.describe("Sessions begun a day, each with other addresses"),
  new_sessions_when_active: z.boolean().default(false).describe("Only on days on which the subscriber is active"),
  gap_s: z.number().min(1).max(86_400).default(20).describe("Mean time between two sessions of a subscriber"),
  interim_h: z.number().min(0).max(168).default(0).describe("Hours between Interim-Updates; 0 none"),
  handover_share: share.default(0.1).describe("New sessions given a prefix that another gave back seconds ago"),
  privacy_addresses: share.default(0.9).describe("Subscribers whose interface id is another one each day (RFC 8981)"),
  prefers_ipv4: share.default(0).describe("Subscribers served by IPv6 whose devices go by IPv4 nevertheless"),
  ping_only: share.default(0).describe("Subscribers who send nothing but echo requests"),
  dns_only: share.default(0).describe("Subscribers who send nothing but queries to port 53"),
  silent: share.default(0).describe("Subscribers who hold a session and send nothing of their own"),
  applications: z.array(z.string()).min(1).describe("Names of the applications they use"),
});

/** How the subscribers of a network are given IPv4; the rest is on IPv6 alone, if it is given IPv6 at all. */
const ipv4Mix = z
  .strictObject({
    public: share.default(0).describe("An address of their own"),
    private: share.default(0).describe("A private address, metered before it is translated"),
    port_block: share.default(0).describe("A block of ports of a shared address, told by accounting"),
    shared: share
      .default(0)
      .describe("A shared address metered behind the translation; accounting tells the private one"),
  })
  .refine((mix) => mix.public + mix.private + mix.port_block + mix.shared <= 1 + 1e-9, "shares add up to more than 1");

/** The network of one operator and access type in all regions. */
export const populationNetwork = z.strictObject({
  operator: z.string().min(1),
  access: z.enum(POPULATION_ACCESS_TYPES),
  as: asNumber,
  weight: weight.describe("Subscribers in proportion to other networks"),
  ipv6_share: share.describe("Subscribers given IPv6 when the first month begins"),
  ipv6_growth_per_month: z.number().min(-1).max(1).default(0).describe("Added to it with each calendar month"),
  ipv6: v6Prefix.describe("Split into equal parts, one a region in their order"),
  prefix_length: z.int().min(48).max(64).describe("Length of the prefix a subscriber holds"),
  wan: z.boolean().default(false).describe("The router at home has a /64 of its own beside the delegated prefix"),
  ipv4: ipv4Mix,
  ipv4_public: v4Prefix.describe("Public addresses, own and shared ones; split by region"),
  ipv4_private: v4Prefix.describe("Private addresses; every region uses all of them"),
  over_ipv6: z.enum(["nat64", "ds_lite"]).default("nat64").describe("How those on IPv6 alone reach IPv4"),
  tunnel_share: share
    .default(0)
    .describe("Subscribers without IPv6 who use 6in4, 6to4 or Teredo for a part of their traffic"),
  aaa: aaaCoverage.optional().describe("Other than the scenario's"),
});

/** Something subscribers talk to. */
export const populationApplication = z.strictObject({
  name: z.string().min(1),
  weight: weight.describe("Share of the bytes, in proportion"),
  v6_preference: share.describe("Part of its traffic on IPv6 where the subscriber has it"),
  as: asNumber,
  ipv4: v4Prefix,
  ipv6: v6Prefix,
});

/** A whole province; references between its parts are checked as well. */
export const populationScenario = z
  .strictObject({
    name: z.string().min(1),
    description: z.string().default(""),
    subscribers: z.int().min(1).max(50_000_000).describe("Of all networks together, about"),
    spread: z.number().min(0).max(0.5).default(0.1).describe("Seeded deviation of the habits of each cell, relative"),
    aaa: aaaCoverage.default("all").describe("Where accounting tells of sessions"),
    export_s: z.int().min(1).max(300).default(60).describe("A record waits so long for its datagram at most"),
    regions: z.array(scenarioRegion).min(1).max(64),
    habits: z.record(z.enum(POPULATION_ACCESS_TYPES), populationHabits),
    networks: z.array(populationNetwork).min(1).max(64),
    applications: z.array(populationApplication).min(1),
    scans: z
      .strictObject({
        per_subscriber_day: share.describe("Chance of a subscriber to be scanned on a day"),
        answered: share.describe("Scans answered with RST"),
        packets: z.int().min(1).max(10_000_000).describe("Mean packets of a scan, one a port"),
      })
      .describe("Inbound scans from the Internet"),
    backbone_share: share.default(0.01).describe("Flows that routers of the backbone meter a second time"),
    tunnels: z.strictObject({
      nat64: v6Prefix.endsWith("/96", "must be an IPv6 prefix of 96 bits (RFC 6052)").default("64:ff9b::/96"),
      aftr: v6Prefix.describe("Addresses of DS-Lite AFTRs"),
      srv6: v6Prefix.describe("Segment ids (SRv6) of the backbone"),
    }),
    routers: z.array(scenarioRouter).min(1).max(1_000),
  })
  .superRefine((all, context) => {
    const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    const codes = all.regions.map(({ code }) => code);
    const networks = all.networks.map(({ operator, access }) => `${operator}/${access}`);
    const applications = all.applications.map(({ name }) => name);
    const addresses = all.routers.map(({ address }) => address);
    for (const [path, names] of Object.entries({ regions: codes, networks, applications, routers: addresses }))
      for (const [i, name] of names.entries())
        if (names.indexOf(name) !== i) wrong([path, i], `${name} stands there twice`);
    for (const [access, { applications: used, day_curve }] of Object.entries(all.habits)) {
      if (day_curve.every((hour) => hour === 0)) wrong(["habits", access, "day_curve"], "one hour must have traffic");
      for (const [i, name] of used.entries())
        if (!applications.includes(name))
          wrong(["habits", access, "applications", i], `${name} is not one of ${applications.join(", ")}`);
    }
    for (const [r, router] of all.routers.entries())
      for (const [t, { operator, access, regions }] of router.traffic.entries()) {
        if (!networks.includes(`${operator}/${access}`))
          wrong(
            ["routers", r, "traffic", t],
            `there is no network ${operator}/${access}; networks are ${networks.join(", ")}`,
          );
        for (const [c, code] of (regions ?? []).entries())
          if (!codes.includes(code))
            wrong(["routers", r, "traffic", t, "regions", c], `${code} is not one of the regions ${codes.join(", ")}`);
      }
    for (const [n, { operator, access, prefix_length, wan }] of all.networks.entries()) {
      if (wan && prefix_length === 64) wrong(["networks", n, "wan"], "a prefix of 64 bits has no WAN /64 beside it");
      for (const code of codes) {
        const seen = all.routers.some(
          ({ observation_point, version, traffic }) =>
            observation_point !== "backbone" &&
            version !== 5 &&
            traffic.some(
              (part) => part.operator === operator && part.access === access && (part.regions?.includes(code) ?? true),
            ),
        );
        if (!seen)
          wrong(
            ["networks", n],
            `${operator}/${access} in ${code} is seen by no router of version 9 or 10 outside the backbone`,
          );
      }
    }
  });

/** A province with every default filled in. */
export type PopulationScenario = z.output<typeof populationScenario>;
export type PopulationNetwork = PopulationScenario["networks"][number];
export type PopulationHabits = PopulationScenario["habits"][PopulationAccess];
