import { z } from "zod";
import { addressBytes } from "../flow/address.ts";
import { OBJECT_KINDS, type ObjectKind } from "./catalogue-words.ts";
import { catalogueId } from "./indicator.ts";
import { prefixRange } from "./prefix-range.ts";

const text = z.string({ error: "a text is needed" }).min(1).max(200);
/** The roll-up tells far sides by these lengths; an object named more finely cannot be told from its neighbours. */
const FINEST = { 4: 24, 6: 48 } as const;

/** What in the flows belongs to an object. A matcher that names several things fits what fits all of them. */
export const objectMatcher = z
  .strictObject({
    exporter: z
      .string()
      .refine((text) => addressBytes(text) !== null, { error: "the address of an exporter is allowed" })
      .describe("Exporter that sees its traffic"),
    interface: z.int().min(0).max(4_294_967_295).describe("SNMP ifIndex there, either way; only beside exporter"),
    prefix: z
      .string()
      .refine(
        (text) => {
          const range = prefixRange(text);
          return range !== null && range.length <= FINEST[range.version];
        },
        { error: "a prefix without bits after its length is allowed, IPv4 up to /24 and IPv6 up to /48" },
      )
      .describe("Prefix of the far side: IPv6 up to /48, IPv4 up to /24"),
    asn: z.int().min(1).max(4_294_967_295).describe("Autonomous system of the far side, as exported"),
    port: z.int().min(1).max(1_023).describe("Port of the far side"),
  })
  .partial();
export type ObjectMatcher = z.output<typeof objectMatcher>;

/** One monitored object. */
export const monitoredObject = z.strictObject({
  id: catalogueId.describe("The key; an entry of the folder replaces the built-in one of its id"),
  zh: text,
  en: text,
  kind: z.enum(Object.keys(OBJECT_KINDS) as [ObjectKind, ...ObjectKind[]], {
    error: `allowed are ${Object.keys(OBJECT_KINDS).join(", ")}`,
  }),
  category: text.optional().describe("Category of an application, level of a government site, size class of an IDC"),
  owner: text.describe("Unit that answers for it"),
  enterprise: text.optional(),
  industry: text.optional(),
  region: text.optional().describe("Administrative code"),
  match: z
    .array(objectMatcher)
    .max(500)
    .default([])
    .superRefine((matchers, context) => {
      const refuse = (i: number, message: string) => context.addIssue({ code: "custom", path: [i], message });
      for (const [i, it] of matchers.entries()) {
        const farSide = (it.prefix ?? it.asn ?? it.port) !== undefined;
        if ((it.exporter !== undefined) === farSide)
          refuse(i, "either exporter, with or without interface, or any of prefix, asn and port, is allowed");
        else if (it.interface !== undefined && it.exporter === undefined)
          refuse(i, "interface is allowed only beside exporter");
        // Seen at an exporter and on the far side, a flow would count twice.
        else if ((it.exporter === undefined) !== (matchers[0]?.exporter === undefined))
          refuse(i, "an object is named by exporters or by far sides, not by both");
      }
    })
    .describe("What in the flows belongs to it: any of these; none for an object without traffic of its own"),
});
export type MonitoredObject = z.output<typeof monitoredObject>;
