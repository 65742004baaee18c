import { z } from "zod";
import { OBJECT_KINDS, type ObjectKind } from "../indicators/catalogue-words.ts";
import { monitoredObject } from "../indicators/object.ts";
import { count, ratio } from "./count.ts";
import { instant, ZONE } from "./instant.ts";
import { oneOf, periodParameters, registryWord, requirePeriod } from "./parameters.ts";

/** What the traffic of objects can be grouped by. */
export const OBJECT_GROUPINGS = ["object", "kind", "enterprise", "industry", "region", "owner"] as const;
export type ObjectGrouping = (typeof OBJECT_GROUPINGS)[number];

/** More groups than these, and the request is refused. */
export const OBJECT_MAX_GROUPS = 200;

const kinds = Object.keys(OBJECT_KINDS) as ObjectKind[];

const selection = {
  object: z.array(registryWord).default([]).describe("Id of an object"),
  kind: z.array(oneOf(kinds)).default([]).describe("Kind of object"),
  enterprise: z.array(registryWord).default([]).describe("Enterprise the object belongs to"),
  industry: z.array(registryWord).default([]).describe("Industry of the object"),
  region: z.array(registryWord).default([]).describe("Administrative code the object belongs to"),
  owner: z.array(registryWord).default([]).describe("Unit that answers for it"),
};

/** Parameters of `GET /api/v1/objects`. */
export const objectsParameters = z.strictObject(selection);
export type ObjectSelection = z.output<typeof objectsParameters>;

/** Answer of `GET /api/v1/objects`. */
export const objects = z
  .object({
    objects: z.array(
      z.object({
        ...monitoredObject.shape,
        match: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).describe("What in the flows is its"),
      }),
    ),
  })
  .describe("The objects by kind and id");
export type Objects = z.infer<typeof objects>;

/** Parameters of `GET /api/v1/objects/traffic`. */
export const objectTrafficParameters = z
  .strictObject({
    ...periodParameters,
    ...selection,
    operator: z.array(registryWord).default([]).describe("Operator of the subscriber side"),
    by: oneOf(OBJECT_GROUPINGS).default("object").describe("What the rows are of"),
    interval: oneOf(["1d", "1mo"]).optional().describe("Width of the rows in time; one row a group without it"),
  })
  .superRefine(requirePeriod);
export type ObjectTrafficParameters = z.output<typeof objectTrafficParameters>;

const traffic = {
  v6_bytes: count.describe("IPv6, native and by transition; scaled by the sampling rate"),
  v4_bytes: count,
  total_bytes: count.describe("v6_bytes + v4_bytes"),
  share: ratio.describe("v6_bytes / total_bytes; null where there is no traffic"),
};

/** Traffic of one object or group of objects. */
export const objectTrafficRow = z.object({
  group: z.string().describe("Id of the object, or the word it is grouped by; empty where objects have none"),
  at: instant.optional().describe("Begin of the row's interval"),
  ...traffic,
});

/** Answer of `GET /api/v1/objects/traffic`. */
export const objectTraffic = z
  .object({
    period: z
      .object({ from: instant, to: instant, zone: z.literal(ZONE) })
      .describe("The period in force, [from, to): what was asked for, widened to whole days of Asia/Shanghai"),
    interval: z.enum(["1d", "1mo"]).nullable(),
    by: z.enum(OBJECT_GROUPINGS),
    rows: z.array(objectTrafficRow),
    groups: z
      .array(
        z.object({
          group: z.string(),
          objects: z.array(z.string()).describe("Ids of its objects"),
          ...traffic,
          part: z
            .number()
            .nullable()
            .describe("total_bytes over all traffic of the period; null where exporters name the objects"),
          previous_share: ratio.describe("The share in the period before: as many months, or as long"),
          change: z.number().nullable().describe("share - previous_share"),
        }),
      )
      .describe("Over the whole period"),
  })
  .describe("Traffic, share and trend");
export type ObjectTrafficAnswer = z.infer<typeof objectTraffic>;
