import { z } from "zod";
import { ACCESS_TYPES, type AccessType, OBSERVATION_POINTS, type ObservationPoint } from "./flow/vocabulary.ts";
import { asNumber, share, v4Prefix, v6Prefix, weight } from "./scenario-terms.ts";

/**
 * A simulated day of a province: what its subscribers send, which routers see it and how they export
 * it. Shares and weights are the generator's targets; what was really sent stands in its truth.
 */

const regionCode = z.string().regex(/^\d{6}$/, "must be an administrative code of six digits");
const accessType = z.enum(Object.keys(ACCESS_TYPES) as [AccessType, ...AccessType[]]);
const observationPoint = z.enum(Object.keys(OBSERVATION_POINTS) as [ObservationPoint, ...ObservationPoint[]]);

/** A city: its subscribers are in proportion to its weight. */
export const scenarioRegion = z.strictObject({
  code: regionCode,
  zh: z.string().min(1),
  en: z.string().min(1),
  weight: weight.describe("Population or anything in proportion to traffic"),
  v6_offset: z.number().min(-0.5).max(0.5).default(0).describe("Added to every network's v6 share in this region"),
});

/** The network of one operator and access type in all regions. */
export const scenarioNetwork = z.strictObject({
  operator: z.string().min(1),
  access: accessType,
  as: asNumber,
  weight: weight.describe("Traffic in proportion to other networks"),
  v6_share: share.describe("IPv6 bytes over all bytes"),
  ipv6: v6Prefix.describe("Split into equal parts, one a region in their order"),
  ipv4: v4Prefix.describe("Split likewise"),
  subscriber_prefix_length: z.int().min(48).max(64).describe("Length of the IPv6 prefix a subscriber holds"),
  subscribers: z.int().min(1).max(10_000_000).describe("Subscribers of all regions together"),
});

/** Where subscribers' traffic goes to and comes from. */
const remote = <P extends z.ZodType>(prefix: P) => z.strictObject({ prefix, as: asNumber, weight });

/** Traffic that is not plain IPv4 or IPv6, as a share of a router's records. */
export const SCENARIO_TECHNOLOGIES = [
  "6in4",
  "6to4",
  "teredo",
  "nat64",
  "ds_lite",
  "srv6",
  "tunnel_unknown",
  "gtp_u",
  "special",
] as const;
/** `srv6` exports the inner IPv4 header beside the outer one, `tunnel_unknown` only the outer one. */
export type ScenarioTechnology = (typeof SCENARIO_TECHNOLOGIES)[number];

/** How a router tells its sampling rate. */
export const SAMPLING_TOLD = [
  "header",
  "sampler_table",
  "system_interval",
  "selector",
  "random_selector",
  "interval",
  "record",
  "never",
] as const;

/** One simulated router. */
export const scenarioRouter = z
  .strictObject({
    name: z.string().min(1),
    address: z.string().regex(/^127(\.\d{1,3}){3}$/, "must be a loopback address such as 127.10.0.1"),
    version: z.union([z.literal(5), z.literal(9), z.literal(10)]).describe("Export protocol; 10 is IPFIX"),
    domains: z
      .array(z.int().min(0).max(4_294_967_295))
      .min(1)
      .default([0])
      .describe("Observation domains; regions are dealt out among them"),
    observation_point: observationPoint,
    traffic: z
      .array(
        z.strictObject({
          operator: z.string().min(1),
          access: accessType,
          weight: weight.describe("Part of the network's traffic this router sees, against other routers' weights"),
          regions: z.array(regionCode).min(1).optional().describe("Only these regions; all where left out"),
        }),
      )
      .min(1),
    sampling: z.strictObject({
      rate: z.int().min(1).max(1_000_000).describe("One packet in so many"),
      told: z.enum(SAMPLING_TOLD).describe("By the v5 header, a kind of options record, each record, or never"),
    }),
    times: z
      .enum(["uptime", "seconds", "milliseconds", "delta_microseconds"])
      .default("milliseconds")
      .describe("Form of flow times"),
    counter_octets: z
      .union([z.literal(4), z.literal(8)])
      .default(8)
      .describe("Length of byte and packet counters (reduced-size encoding)"),
    one_template_per_datagram: z.boolean().default(true),
    template_refresh_datagrams: z
      .int()
      .min(1)
      .default(200)
      .describe("Templates are sent again after so many datagrams"),
    template_refresh_s: z.int().min(1).default(60).describe("… or after so many seconds, whichever is first"),
    first_template_after_datagrams: z.int().min(0).default(0).describe("Datagrams sent before the first templates"),
    clock_offset_ms: z.int().default(0).describe("Exporter's clock minus true time"),
    uptime_s: z.int().min(60).max(4_000_000).default(864_000).describe("Time since boot when the day begins"),
    withheld_share: share.default(0).describe("Datagrams that get a sequence number but are never sent"),
    restart_at_hour: z.int().min(0).max(23).optional().describe("Hour at which it restarts: sequence and uptime at 0"),
    transition: z
      .array(z.strictObject({ technology: z.enum(SCENARIO_TECHNOLOGIES), share }))
      .default([])
      .describe("Shares of its records"),
  })
  .superRefine((router, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const { told, rate } = router.sampling;
    const versions: Record<(typeof SAMPLING_TOLD)[number], readonly number[]> = {
      header: [5],
      sampler_table: [9],
      system_interval: [9],
      selector: [10],
      random_selector: [10],
      interval: [10],
      record: [9, 10],
      never: [5, 9, 10],
    };
    if (!versions[told].includes(router.version))
      wrong(["sampling", "told"], `"${told}" does not exist in version ${router.version}`);
    if (told === "header" && rate > 16_383) wrong(["sampling", "rate"], "a v5 header holds at most 16383");
    if (router.version !== 10 && router.times === "delta_microseconds")
      wrong(["times"], "delta_microseconds exists in IPFIX (version 10) only");
    if (router.version === 10 && router.times === "uptime")
      wrong(["times"], "an IPFIX header has no uptime: use seconds, milliseconds or delta_microseconds");
    if (router.version === 5 && router.times !== "uptime") wrong(["times"], "version 5 has uptime only");
    if (router.version === 5 && router.domains.some((domain) => domain > 65_535))
      wrong(["domains"], "version 5 has engine type and id only: at most 65535");
    const sum = router.transition.reduce((total, { share }) => total + share, 0);
    if (sum > 1) wrong(["transition"], `shares add up to ${sum}, at most 1 is possible`);
  });

/** A whole scenario; references between its parts are checked as well. */
export const scenario = z
  .strictObject({
    name: z.string().min(1),
    description: z.string().default(""),
    records: z.int().min(1).max(10_000_000).describe("Flow records of one day, about"),
    day_curve: z.array(z.number().min(0)).length(24).describe("Traffic by hour, in proportion"),
    v6_share_spread: z.number().min(0).max(0.5).default(0).describe("Seeded deviation of each region and network"),
    regions: z.array(scenarioRegion).min(1).max(64),
    networks: z.array(scenarioNetwork).min(1),
    remotes: z.strictObject({
      ipv4: z.array(remote(v4Prefix)).min(1),
      ipv6: z.array(remote(v6Prefix)).min(1),
    }),
    tunnels: z.strictObject({
      nat64: v6Prefix.endsWith("/96", "must be an IPv6 prefix of 96 bits (RFC 6052)").default("64:ff9b::/96"),
      aftr: v6Prefix.describe("Addresses of DS-Lite AFTRs"),
      srv6: v6Prefix.describe("Segment ids (SRv6) of the backbone"),
    }),
    routers: z.array(scenarioRouter).min(1).max(1_000),
  })
  .superRefine((all, context) => {
    const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    const twice = (names: readonly string[], path: string) => {
      for (const [i, name] of names.entries())
        if (names.indexOf(name) !== i) wrong([path, i], `${name} stands there twice`);
    };
    const codes = all.regions.map(({ code }) => code);
    const networks = all.networks.map(({ operator, access }) => `${operator}/${access}`);
    twice(codes, "regions");
    twice(networks, "networks");
    twice(
      all.routers.map(({ address }) => address),
      "routers",
    );
    if (all.day_curve.every((hour) => hour === 0)) wrong(["day_curve"], "one hour at least must have traffic");
    for (const [r, router] of all.routers.entries()) {
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
    }
  });

/** A scenario with every default filled in. */
export type Scenario = z.output<typeof scenario>;
export type ScenarioRegion = Scenario["regions"][number];
export type ScenarioNetwork = Scenario["networks"][number];
export type ScenarioRouter = Scenario["routers"][number];
