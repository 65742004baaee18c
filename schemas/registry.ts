import { z } from "zod";
import { ACCESS_TYPES, type AccessType, OBSERVATION_POINTS, type ObservationPoint } from "./flow/vocabulary.ts";

/**
 * The registry: what the classifier knows of regions, operators, exporters and addresses. A folder of
 * YAML and CSV files; each file adds to the built-in one of its name, and an entry of the same key
 * replaces the built-in entry. Unknown keys, columns and files are refused. Whether a prefix is one,
 * and whether a region or operator that is named exists, is checked by the reader of the files.
 */

const word = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, "must be 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or digit")
  .refine((text) => text !== "unknown", "must not be unknown: that word stands for what is not registered");
const accessType = z.enum(Object.keys(ACCESS_TYPES) as [AccessType, ...AccessType[]]);
const observationPoint = z.enum(Object.keys(OBSERVATION_POINTS) as [ObservationPoint, ...ObservationPoint[]]);
const prefix = z.string().min(1);
const samplingRate = z.int().min(1).max(4_294_967_295);

export const registryRegion = z.strictObject({
  code: word.describe("Administrative code (GB/T 2260); the key"),
  zh: z.string().min(1),
  en: z.string().min(1),
  population: z.int().min(0).optional().describe("Residents, 2020 census"),
  tile: z
    .tuple([z.int().min(0), z.int().min(0)])
    .optional()
    .describe("Column and row on the tile map, from 0"),
});
export type RegistryRegion = z.infer<typeof registryRegion>;

/** `regions.yaml` */
export const regionsFile = z.strictObject({ regions: z.array(registryRegion) });

export const registryOperator = z.strictObject({
  id: word.describe("The key"),
  zh: z.string().min(1),
  en: z.string().min(1),
  asns: z
    .array(z.int().min(1).max(4_294_967_295))
    .default([])
    .describe("Autonomous systems, used only where no prefix tells the operator"),
  subscriber_prefix_lengths: z
    .partialRecord(accessType, z.int().min(1).max(128))
    .default({})
    .describe("Length of the IPv6 prefix that one subscriber holds, by access type; 64 where not given"),
});
export type RegistryOperator = z.infer<typeof registryOperator>;

/** `operators.yaml` */
export const operatorsFile = z.strictObject({ operators: z.array(registryOperator) });

export const INTERFACE_SIDES = ["subscriber", "core", "peer"] as const;

export const registryInterface = z.strictObject({
  name: z.string().optional(),
  region: z.string().optional(),
  operator: z.string().optional(),
  access: accessType.optional(),
  observation_point: observationPoint.optional(),
  side: z.enum(INTERFACE_SIDES).optional().describe("What lies behind the interface"),
  counted: z.boolean().default(true).describe("False leaves flows metered at this interface out of every figure"),
});
export type RegistryInterface = z.infer<typeof registryInterface>;

export const registryExporter = z.strictObject({
  exporter: prefix.describe("Address of the exporter, or a prefix of exporters; the key"),
  name: z.string().optional(),
  region: z.string().optional(),
  operator: z.string().optional(),
  access: accessType.optional(),
  observation_point: observationPoint.optional(),
  sampling_rate: samplingRate
    .optional()
    .describe("One packet in this many; used where the exporter does not tell its rate"),
  interfaces: z
    .record(z.string().regex(/^\d{1,10}$/, "must be an ifIndex of 0 to 4294967295"), registryInterface)
    .default({})
    .describe("Interfaces by SNMP ifIndex"),
});
export type RegistryExporter = z.infer<typeof registryExporter>;

/** `exporters.yaml` */
export const exportersFile = z.strictObject({ exporters: z.array(registryExporter) });

const lengthText = z
  .string()
  .regex(/^\d{1,3}$/, "must be a number of 1 to 128")
  .transform(Number)
  .pipe(z.int().min(1).max(128));
const day = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error:
    "must be a day (2026-01-31, from 00:00 in Asia/Shanghai) or a time with its offset (2026-01-31T08:00:00+08:00)",
});

/** What the addresses of a prefix are to subscribers. */
export const SUBSCRIBER_POOLS = {
  delegated: "each subscriber's own prefixes: as many as there are, so many subscribers at most",
  wan: "links of homes that hold a delegated prefix beside it: counted by that, and joined by sessions alone",
} as const;
export type SubscriberPool = keyof typeof SUBSCRIBER_POOLS;

/**
 * A row of `prefixes*.csv`; an empty cell says nothing, and what a row does not say is taken from the
 * next shorter prefix around it.
 */
export const prefixRow = z.strictObject({
  prefix: prefix.describe("IPv4 or IPv6 prefix; the key"),
  operator: z.string().optional(),
  region: z.string().optional(),
  access: accessType.optional(),
  valid_from: day.optional().describe("First moment the row is in force; empty: always was"),
  valid_to: day.optional().describe("First moment the row is no longer in force; empty: still is"),
  subscriber_prefix_length: lengthText.optional().describe("Overrides the operator's length"),
  subscriber_pool: z
    .enum(Object.keys(SUBSCRIBER_POOLS) as [SubscriberPool, ...SubscriberPool[]])
    .optional()
    .describe(
      "delegated (where nothing is said): each subscriber's own prefixes; wan: links of homes that hold a delegated prefix as well, which are no subscribers of their own",
    ),
});

export const SPECIAL_KINDS = {
  special: "not a user's address: the flow is excluded",
  private: "private or CGNAT: valid user traffic where it is metered inside an access network",
  global: "an ordinary address within a wider special range",
} as const;
export type SpecialKind = keyof typeof SPECIAL_KINDS;

/** A row of `special.csv`; the longest prefix decides. */
export const specialRow = z.strictObject({
  prefix: prefix.describe("IPv4 or IPv6 prefix; the key"),
  kind: z.enum(Object.keys(SPECIAL_KINDS) as [SpecialKind, ...SpecialKind[]]),
  name: z.string().optional(),
  source: z.string().optional().describe("Document that sets the range aside"),
});

const prefixes = z.array(prefix).default([]);

/** `transition.yaml`: prefixes of each transition technology; lists add to the built-in ones. */
export const transitionFile = z.strictObject({
  ds_lite: z.strictObject({ aftr: prefixes.describe("IPv6 addresses of AFTRs (RFC 6333)") }).optional(),
  map_e: z.strictObject({ br: prefixes.describe("IPv6 addresses of border relays (RFC 7597)") }).optional(),
  srv6: z.strictObject({ sids: prefixes.describe("Blocks of segment identifiers (RFC 8986, RFC 9602)") }).optional(),
  map_t: z
    .strictObject({ rules: prefixes.describe("Rule IPv6 prefixes and default mapping prefixes (RFC 7599)") })
    .optional(),
  "464xlat": z.strictObject({ plat: prefixes.describe("PLAT-side translation prefixes (RFC 6877)") }).optional(),
  nat64: z
    .strictObject({ prefixes: prefixes.describe("Well-known and network-specific prefixes (RFC 6052)") })
    .optional(),
  "6to4": z
    .strictObject({
      prefixes: prefixes.describe("IPv6 prefixes (RFC 3056)"),
      relays: prefixes.describe("IPv4 addresses of relays (RFC 3068)"),
    })
    .partial()
    .optional(),
  teredo: z.strictObject({ prefixes: prefixes.describe("IPv6 service prefixes (RFC 4380)") }).optional(),
  "6rd": z
    .strictObject({
      prefixes: prefixes.describe("IPv6 prefixes of operators (RFC 5969)"),
      br: prefixes.describe("IPv4 addresses of border relays"),
    })
    .partial()
    .optional(),
});
export type RegistryTransition = z.infer<typeof transitionFile>;

/** The registry's files and what each is made of. */
export const REGISTRY_FILES = {
  "regions.yaml": regionsFile,
  "operators.yaml": operatorsFile,
  "exporters.yaml": exportersFile,
  "transition.yaml": transitionFile,
  "prefixes*.csv": prefixRow,
  "special.csv": specialRow,
} as const;
