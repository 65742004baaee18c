/** The closed vocabularies of the catalogue: of indicators, monitored objects and targets. */

/** What the five dimensions of the platform are. */
export const INDICATOR_DIMENSIONS = {
  network: { zh: "网络", en: "network" },
  application: { zh: "应用", en: "applications" },
  terminal: { zh: "终端", en: "terminals" },
  user: { zh: "用户", en: "users" },
  traffic: { zh: "流量", en: "traffic" },
} as const;

/** Where the figures of an indicator come from. */
export const INDICATOR_CLASSES = {
  flow: { zh: "流量测量", en: "flow records" },
  aaa: { zh: "认证计费", en: "sessions of RADIUS, DHCPv6 or 5GC, joined with flows" },
  probe: { zh: "主动拨测", en: "active probes, handed in as a reported series" },
  reported: { zh: "填报", en: "figures that units report" },
} as const;

/** What indicators can be grouped and filtered by; each names those it allows. */
export const INDICATOR_GROUPINGS = [
  "region",
  "operator",
  "access",
  "direction",
  "technology",
  "observation_point",
  "exporter",
  "family",
  "kind",
  "object",
  "industry",
  "unit",
] as const;
export type IndicatorGrouping = (typeof INDICATOR_GROUPINGS)[number];

/** Widths in time an indicator can be asked in; days and months are cut in Asia/Shanghai. */
export const INDICATOR_INTERVALS = ["1h", "1d", "1mo"] as const;
export type IndicatorInterval = (typeof INDICATOR_INTERVALS)[number];

/** How the rows of a source become one figure. There is no mean of shares among them. */
export const INDICATOR_KINDS = {
  ratio: "sum of numerators over sum of denominators",
  sum: "sum of values",
  distinct: "distinct subscribers: states of values are merged, so that nobody counts twice",
  last: "of every series the last value in the interval, then their sum",
  peak: "greatest sum of values over 5 minutes",
  p95: "95th percentile of the sums of values over 5 minutes, of those that have any",
} as const;
export type IndicatorKind = keyof typeof INDICATOR_KINDS;

/** Units of figures; a figure of unit ratio lies between 0 and 1 unless it is a change. */
export const INDICATOR_UNITS = [
  "ratio",
  "bytes",
  "packets",
  "bps",
  "users",
  "connections",
  "prefixes",
  "devices",
  "count",
  "points",
  "records",
] as const;

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

/** Whose target it is. */
export const TARGET_SCOPES = ["national", "provincial"] as const;
