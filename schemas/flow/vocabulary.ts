/**
 * The closed vocabularies of the classified columns (domain.md section 3 is their source).
 */

/** What a class of packets counts as in a traffic share. */
export type CountsAs = "v4" | "v6_native" | "v6_transition" | "excluded";

export interface Term {
  readonly zh: string;
  readonly en: string;
}

/**
 * Technologies in the order their rules are tried; the first match wins.
 *
 * `counts_as: "auto"` goes by the record's family: native traffic of that family. A share is
 * (v6_native + v6_transition) / (v4 + v6_native + v6_transition); the native share leaves
 * v6_transition out of the numerator. `excluded` rows are in neither.
 */
export const TECHNOLOGIES = {
  unknown: { counts_as: "excluded", zh: "无IP信息", en: "no IP in the record" },
  gtp_u: { counts_as: "excluded", zh: "GTP-U隧道（观测点错误）", en: "GTP-U tunnel: metered at the wrong point" },
  ds_lite: { counts_as: "v4", zh: "DS-Lite", en: "DS-Lite: IPv4 service over IPv6" },
  map_e: { counts_as: "v4", zh: "MAP-E", en: "MAP-E: IPv4 service over IPv6" },
  tunnel_unknown: {
    counts_as: "excluded",
    zh: "隧道（内层未知）",
    en: "SRv6, 4in6 or 6in6 whose inner family is not exported",
  },
  map_t: { counts_as: "v6_transition", zh: "MAP-T", en: "MAP-T: IPv6 access, IPv4 service" },
  "464xlat": { counts_as: "v6_transition", zh: "464XLAT", en: "464XLAT: IPv6 access, IPv4 service" },
  nat64: { counts_as: "v6_transition", zh: "NAT64", en: "NAT64: IPv6 access, IPv4 service" },
  "6to4": { counts_as: "v6_transition", zh: "6to4", en: "6to4" },
  teredo: { counts_as: "v6_transition", zh: "Teredo", en: "Teredo" },
  "6rd": { counts_as: "v6_transition", zh: "6rd", en: "6rd" },
  isatap: { counts_as: "v6_transition", zh: "ISATAP", en: "ISATAP" },
  "6in4": { counts_as: "v6_transition", zh: "6in4", en: "6in4" },
  v4_mapped: { counts_as: "v4", zh: "IPv4映射地址（异常）", en: "IPv4-mapped address on the wire: an anomaly" },
  special: { counts_as: "excluded", zh: "特殊地址", en: "special-purpose address" },
  native: { counts_as: "auto", zh: "原生", en: "native" },
} as const satisfies Record<string, Term & { counts_as: CountsAs | "auto" }>;

export type Technology = keyof typeof TECHNOLOGIES;

/** Access networks of the subscriber side. */
export const ACCESS_TYPES = {
  unknown: { zh: "未知", en: "unknown" },
  mobile: { zh: "移动网络", en: "mobile" },
  fixed: { zh: "固定网络", en: "fixed" },
  iot: { zh: "物联网", en: "IoT" },
  enterprise: { zh: "政企专线", en: "enterprise leased line" },
  idc: { zh: "IDC", en: "data centre" },
} as const satisfies Record<string, Term>;
export type AccessType = keyof typeof ACCESS_TYPES;

/** Directions relative to the subscriber side. */
export const FLOW_DIRECTIONS = {
  unknown: { zh: "未知", en: "unknown" },
  up: { zh: "上行", en: "from the subscriber" },
  down: { zh: "下行", en: "to the subscriber" },
  local: { zh: "本地", en: "between subscribers" },
  transit: { zh: "穿透", en: "no subscriber on either side" },
} as const satisfies Record<string, Term>;
export type FlowDirection = keyof typeof FLOW_DIRECTIONS;

/** How the subscriber of a flow was told; only `session` tells users, `prefix` tells prefixes. */
export const SUBSCRIBER_METHODS = {
  unknown: { zh: "未知", en: "no subscriber" },
  prefix: { zh: "前缀", en: "by the prefix: changes when another is given out, so never called a user" },
  session: { zh: "AAA会话", en: "by the session that held the address at the time (AAA join)" },
} as const satisfies Record<string, Term>;
export type SubscriberMethod = keyof typeof SUBSCRIBER_METHODS;

/** Types of observation point; `access` says whether private IPv4 seen there is valid user traffic. */
export const OBSERVATION_POINTS = {
  unknown: { zh: "未登记", en: "not registered", access: true },
  access: { zh: "接入网", en: "access network", access: true },
  mobile_core: { zh: "移动核心网（SGi/N6）", en: "mobile core (SGi/N6)", access: true },
  man: { zh: "城域网", en: "metropolitan area network", access: true },
  backbone: { zh: "骨干网", en: "backbone", access: false },
  interconnect: { zh: "骨干直联点", en: "direct-connect point", access: false },
  international: { zh: "国际出入口", en: "international gateway", access: false },
  idc: { zh: "IDC出口", en: "data centre egress", access: false },
} as const satisfies Record<string, Term & { access: boolean }>;
export type ObservationPoint = keyof typeof OBSERVATION_POINTS;
