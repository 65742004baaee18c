import {
  addressText,
  type FlowBatch,
  getBigU64,
  type IndicatorGrouping,
  type LedgerDelta,
  TECHNOLOGIES,
} from "@v6meter/schemas";

/** One flow or change of the books as plain values: an oracle has no engine and no statement. */
export interface PlainFlow {
  readonly atMs: number;
  readonly region: string;
  readonly operator: string;
  readonly access: string;
  readonly direction: string;
  readonly technology: string;
  readonly observation_point: string;
  readonly exporter: string;
  readonly counted: number;
  readonly class: "v4" | "v6_native" | "v6_transition" | "excluded";
  readonly bytes: bigint;
  readonly packets: bigint;
  /** 0 where it is not known. */
  readonly rate: bigint;
  readonly subscriber: bigint;
  readonly prefix: bigint;
  readonly bySession: boolean;
  readonly activeFamily: number;
  readonly src: PlainEnd;
  readonly dst: PlainEnd;
  readonly interfaces: readonly [number, number];
  readonly family: number;
}

export interface PlainEnd {
  readonly address: string;
  readonly as: number;
  readonly port: number;
}

export interface PlainChange extends Omit<LedgerDelta, "count"> {
  readonly atMs: number;
  readonly count: bigint;
}

function endOf(addresses: Uint8Array, row: number, as: number, port: number): PlainEnd {
  return { address: addressText(addresses.subarray(row * 16, row * 16 + 16)), as, port };
}

/** The far side of a flow, as migration 0027 says it in words. */
export function farSide({ direction, src, dst }: PlainFlow): PlainEnd {
  if (direction === "up") return dst;
  if (direction === "down") return src;
  return src.port < dst.port ? src : dst;
}

/** The rows of a batch one by one. */
export function plainFlowsOf({ rows, columns: c, labels }: FlowBatch): PlainFlow[] {
  return Array.from({ length: rows }, (_, row): PlainFlow => {
    const word = (name: keyof typeof labels) => labels[name][c[name][row] as number] as string;
    const technology = word("technology") as keyof typeof TECHNOLOGIES;
    const { counts_as } = TECHNOLOGIES[technology];
    const family = c.family[row] as number;
    const byFamily = family === 4 ? "v4" : family === 6 ? "v6_native" : "excluded";
    return {
      atMs: Number(getBigU64(c.received_at, row)),
      region: word("region"),
      operator: word("operator"),
      access: word("access"),
      direction: word("flow_direction"),
      technology,
      observation_point: word("observation_point"),
      exporter: addressText(c.exporter.subarray(row * 16, row * 16 + 16)),
      counted: c.counted[row] as number,
      class: counts_as === "auto" ? byFamily : counts_as,
      bytes: getBigU64(c.bytes, row),
      packets: getBigU64(c.packets, row),
      rate: BigInt(c.sampling_rate[row] as number),
      subscriber: getBigU64(c.subscriber, row),
      prefix: getBigU64(c.subscriber_prefix, row),
      bySession: word("subscriber_method") === "session",
      activeFamily: c.active_family[row] as number,
      src: endOf(c.src_addr, row, c.src_as[row] as number, c.src_port[row] as number),
      dst: endOf(c.dst_addr, row, c.dst_as[row] as number, c.dst_port[row] as number),
      interfaces: [c.in_if[row] as number, c.out_if[row] as number],
      family,
    };
  });
}

/** What a flow adds over and under the line of an indicator; null: it is not about this flow. */
type Share = (flow: PlainFlow) => readonly [numerator: bigint, denominator: bigint] | null;

const scale = ({ rate }: PlainFlow) => (rate === 0n ? 1n : rate);
const size = (flow: PlainFlow) => flow.bytes * scale(flow);
const isV6 = (flow: PlainFlow) => flow.class === "v6_native" || flow.class === "v6_transition";

/** Bytes that hold, of bytes of IPv4 and IPv6, among flows that are meant. */
function share(holds: (flow: PlainFlow) => boolean, meant: (flow: PlainFlow) => boolean = () => true): Share {
  return (flow) => (flow.class === "excluded" || !meant(flow) ? null : [holds(flow) ? size(flow) : 0n, size(flow)]);
}

function ofAll(holds: (flow: PlainFlow) => boolean): Share {
  return (flow) => [holds(flow) ? size(flow) : 0n, size(flow)];
}

function volume(holds: (flow: PlainFlow) => boolean): Share {
  return (flow) => [holds(flow) && flow.class !== "excluded" ? size(flow) : 0n, 1n];
}

const at = (point: string) => (flow: PlainFlow) => flow.observation_point === point;
const by = (access: string) => (flow: PlainFlow) => flow.access === access;
const and =
  (...all: ((flow: PlainFlow) => boolean)[]) =>
  (flow: PlainFlow) =>
    all.every((holds) => holds(flow));
const down = (flow: PlainFlow) => flow.direction === "down";
const up = (flow: PlainFlow) => flow.direction === "up";
const travels =
  (...technologies: string[]) =>
  (flow: PlainFlow) =>
    technologies.includes(flow.technology);
const any = () => true;

/** The definitions of the catalogue written a second time, in TypeScript over flows. */
export const RATIOS: Readonly<Record<string, Share>> = {
  traffic_share: share(isV6),
  native_traffic_share: share((flow) => flow.class === "v6_native"),
  transition_traffic_share: share((flow) => flow.class === "v6_transition"),
  packet_share: (flow) =>
    flow.class === "excluded" ? null : [isV6(flow) ? flow.packets * scale(flow) : 0n, flow.packets * scale(flow)],
  mobile_traffic_share: share(isV6, by("mobile")),
  mobile_traffic_share_in: share(isV6, and(by("mobile"), down)),
  mobile_traffic_share_out: share(isV6, and(by("mobile"), up)),
  fixed_traffic_share: share(isV6, by("fixed")),
  fixed_traffic_share_in: share(isV6, and(by("fixed"), down)),
  fixed_traffic_share_out: share(isV6, and(by("fixed"), up)),
  enterprise_traffic_share: share(isV6, by("enterprise")),
  iot_traffic_share: share(isV6, by("iot")),
  broadnet_traffic_share: share(isV6, (flow) => flow.operator === "broadnet"),
  man_traffic_share: share(isV6, at("man")),
  man_traffic_share_in: share(isV6, and(at("man"), down)),
  man_traffic_share_out: share(isV6, and(at("man"), up)),
  mobile_core_traffic_share: share(isV6, at("mobile_core")),
  access_traffic_share: share(isV6, at("access")),
  backbone_traffic_share: share(isV6, at("backbone")),
  interconnect_traffic_share: share(isV6, at("interconnect")),
  international_traffic_share: share(isV6, at("international")),
  idc_traffic_share: share(isV6, at("idc")),
  tunnel_6in4_share: share(travels("6in4", "6to4", "6rd", "isatap", "teredo")),
  nat64_share: share(travels("nat64", "464xlat", "map_t")),
  v4_over_v6_share: share(travels("ds_lite", "map_e")),
  unattributed_share: share((flow) => flow.operator === "unknown"),
  unread_tunnel_share: ofAll(travels("tunnel_unknown")),
  excluded_share: ofAll((flow) => flow.class === "excluded"),
  wrong_meter_share: ofAll(travels("gtp_u")),
  special_address_share: ofAll(travels("special")),
  unknown_sampling_share: (flow) => [flow.rate === 0n ? flow.bytes : 0n, flow.bytes],
};

export const SUMS: Readonly<Record<string, Share>> = {
  traffic_volume: volume(any),
  v6_volume: volume(isV6),
  native_v6_volume: volume((flow) => flow.class === "v6_native"),
  v4_volume: volume((flow) => flow.class === "v4"),
  transition_volume: volume((flow) => flow.class === "v6_transition"),
  mobile_v6_volume: meantOnly(by("mobile"), volume(isV6)),
  fixed_v6_volume: meantOnly(by("fixed"), volume(isV6)),
  flow_records: () => [1n, 1n],
};

export const RATES: Readonly<Record<string, { of: "peak" | "p95"; what: Share }>> = {
  v6_p95_rate: { of: "p95", what: volume(isV6) },
  p95_rate: { of: "p95", what: volume(any) },
  v6_peak_rate: { of: "peak", what: volume(isV6) },
  peak_rate: { of: "peak", what: volume(any) },
  backbone_v6_p95_rate: { of: "p95", what: meantOnly(at("backbone"), volume(isV6)) },
  interconnect_v6_p95_rate: { of: "p95", what: meantOnly(at("interconnect"), volume(isV6)) },
  interconnect_p95_rate: { of: "p95", what: meantOnly(at("interconnect"), volume(any)) },
  international_v6_p95_rate: { of: "p95", what: meantOnly(at("international"), volume(isV6)) },
  idc_v6_p95_rate: { of: "p95", what: meantOnly(at("idc"), volume(isV6)) },
};

function meantOnly(meant: (flow: PlainFlow) => boolean, what: Share): Share {
  return (flow) => (meant(flow) ? what(flow) : null);
}

const stage = (name: string, outcome: string) => (change: PlainChange) =>
  change.stage === name && change.outcome === outcome ? change.count : 0n;

export const BOOKS: Readonly<Record<string, (change: PlainChange) => readonly [bigint, bigint]>> = {
  export_loss: (it) => [stage("receive", "lost")(it), stage("receive", "expected")(it)],
  unread_set_share: (it) => [stage("decode", "dropped")(it), stage("decode", "received")(it)],
  datagram_drop_share: (it) => [stage("receive", "dropped")(it), stage("receive", "received")(it)],
  stored_rows: (it) => [stage("write", "received")(it), 1n],
};

/** Whom a flow shows, or null; sets of them are counted. */
type Who = (flow: PlainFlow) => bigint | null;

/** Servers are no users. */
const isUsers = ({ access }: PlainFlow) => ["mobile", "fixed", "iot", "enterprise"].includes(access);

const active =
  (family: number, meant: (flow: PlainFlow) => boolean = () => true): Who =>
  (flow) =>
    flow.activeFamily === family && flow.bySession && isUsers(flow) && meant(flow) ? flow.subscriber : null;

export const ACTIVE: Readonly<Record<string, Who>> = {
  active_connections: active(6),
  mobile_active_connections: active(6, by("mobile")),
  fixed_active_connections: active(6, by("fixed")),
  iot_active_connections: active(6, by("iot")),
  enterprise_active_connections: active(6, by("enterprise")),
  v4_active_connections: active(4),
  active_prefixes: (flow) => (flow.activeFamily === 6 ? flow.prefix : null),
};

/** What an event of a session tells: addresses as texts, empty where there is none. */
export interface PlainSession {
  readonly atMs: number;
  readonly region: string;
  readonly operator: string;
  readonly access: string;
  readonly status: "start" | "stop" | "interim_update";
  readonly session: bigint;
  readonly subscriber: bigint;
  readonly ipv4: string;
  readonly prefix: string;
  readonly delegated: string;
}

type Session = (event: PlainSession) => bigint | null;

const assigned =
  (meant: (event: PlainSession) => boolean): Session =>
  (event) =>
    meant(event) ? event.subscriber : null;

const hasV6 = (event: PlainSession) => event.prefix !== "" || event.delegated !== "";
const isPrivate = ({ ipv4 }: PlainSession) => /^(10\.|192\.168\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(ipv4);

export const ASSIGNED: Readonly<Record<string, Session>> = {
  assigned_subscribers: assigned(hasV6),
  mobile_assigned_subscribers: assigned((event) => hasV6(event) && event.access === "mobile"),
  fixed_assigned_subscribers: assigned((event) => hasV6(event) && event.access === "fixed"),
  delegated_subscribers: assigned(({ delegated }) => delegated !== ""),
  private_v4_subscribers: assigned(isPrivate),
  new_private_v4_sessions: (event) => (isPrivate(event) && event.status === "start" ? event.session : null),
};

/** A flow counts once anywhere, and once at each type of observation point where those are told apart. */
const POINTS = /^(man|mobile_core|access|backbone|interconnect|international|idc)_/;

export function countedFlows(flows: readonly PlainFlow[], id: string, grouping: IndicatorGrouping | null): PlainFlow[] {
  const least = grouping === "observation_point" || POINTS.test(id) ? 1 : 2;
  return flows.filter(({ counted }) => counted >= least);
}

/** Part of each exporter's export that arrived and was read. */
export function completenessOf(books: readonly PlainChange[], exporter: string): number | null {
  const of = (name: string, outcome: string) =>
    books.filter((it) => it.exporter === exporter).reduce((sum, it) => sum + Number(stage(name, outcome)(it)), 0);
  const expected = of("receive", "expected");
  if (expected <= 0) return null;
  const clamped = (part: number) => Math.min(1, Math.max(0, part));
  const sets = of("decode", "received");
  return clamped(1 - of("receive", "lost") / expected) * (sets <= 0 ? 1 : clamped(1 - of("decode", "dropped") / sets));
}
