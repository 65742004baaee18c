import { z } from "zod";
import { catalogueId } from "./indicator.ts";

/** Kinds of monitored objects. */
export const OBJECT_KINDS = {
  backbone: { zh: "骨干网", en: "backbone" },
  man: { zh: "城域网", en: "metropolitan area network" },
  access: { zh: "接入网", en: "access network" },
  direct_connect: { zh: "骨干直联点", en: "direct-connect point" },
  idc: { zh: "IDC", en: "data centre" },
  cdn: { zh: "CDN", en: "content delivery network" },
  cloud: { zh: "云平台", en: "cloud" },
  dns: { zh: "域名系统", en: "DNS" },
  gov_site: { zh: "政府网站", en: "government site" },
  media: { zh: "新闻及广播电视媒体", en: "media" },
  soe: { zh: "省属企业", en: "state-owned enterprise" },
  application: { zh: "应用", en: "application" },
  terminal: { zh: "移动终端", en: "terminal" },
  home_gateway: { zh: "家庭网关", en: "home gateway" },
  stb: { zh: "机顶盒", en: "set-top box" },
  iot: { zh: "物联网", en: "Internet of things" },
  industrial_internet: { zh: "工业互联网", en: "industrial internet" },
  broadcast: { zh: "广电网络", en: "broadcast network" },
} as const;
export type ObjectKind = keyof typeof OBJECT_KINDS;

const text = z.string({ error: "a text is needed" }).min(1).max(200);
const address = z.string({ error: "an address is needed" }).min(2).max(64);

/** What in the flows belongs to an object. Rows of one matcher that names several things fit all of them. */
export const objectMatcher = z
  .strictObject({
    exporter: address.describe("Address of the exporter that sees its traffic"),
    interface: z.int().min(0).max(4_294_967_295).describe("SNMP ifIndex there, either way"),
    prefix: address.describe("Prefix of the far side: IPv6 up to /48, IPv4 up to /24"),
    asn: z.int().min(1).max(4_294_967_295).describe("Autonomous system of the far side, as exported"),
    port: z.int().min(1).max(1_023).describe("Port of the far side"),
  })
  .partial()
  .superRefine((it, context) => {
    const atExporter = it.exporter !== undefined;
    const farSide = (it.prefix ?? it.asn ?? it.port) !== undefined;
    if (atExporter === farSide)
      context.addIssue({
        code: "custom",
        path: [],
        message: "either exporter (with or without interface), or any of prefix, asn and port, is allowed",
      });
    if (it.interface !== undefined && !atExporter)
      context.addIssue({ code: "custom", path: ["interface"], message: "only beside exporter" });
  });
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
  match: z.array(objectMatcher).max(10_000).default([]).describe("What in the flows belongs to it; any of these"),
});
export type MonitoredObject = z.output<typeof monitoredObject>;
