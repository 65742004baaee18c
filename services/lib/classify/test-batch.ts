import {
  type AccessType,
  addressBytes,
  createFlowBatch,
  type FlowBatch,
  type FlowDirection,
  getU64,
  type ObservationPoint,
  type SubscriberMethod,
  setU64,
  type Technology,
} from "@v6meter/schemas";

/** A record as tests write it; what is left out is as an exporter that does not tell it. */
export interface TestFlow {
  readonly receivedAt?: string;
  readonly startAt?: string;
  readonly exporter?: string;
  /** 0 for a record without IP; told by `src` otherwise. */
  readonly ipVersion?: number;
  readonly src?: string;
  readonly dst?: string;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly protocol?: number;
  readonly tcpFlags?: number;
  readonly inIf?: number;
  readonly outIf?: number;
  readonly srcAs?: number;
  readonly dstAs?: number;
  /** "egress" where the flow was metered on its way out. */
  readonly metered?: "ingress" | "egress";
  readonly samplingRate?: number;
  readonly outerSrc?: string;
  readonly outerDst?: string;
  readonly outerProtocol?: number;
}

/** The classified columns of a row in words. */
export interface Classified {
  readonly family: number;
  readonly technology: Technology;
  readonly region: string;
  readonly operator: string;
  readonly access: AccessType;
  readonly direction: FlowDirection;
  readonly point: ObservationPoint;
  readonly counted: number;
  /** 16 hexadecimal digits; null for none. */
  readonly subscriber: string | null;
  readonly method: SubscriberMethod;
  readonly prefix: string | null;
  readonly active: number;
  readonly samplingRate: number;
}

export const TEST_TIME = "2026-11-24T08:00:00+08:00";

/** A batch of records. */
export function batchOf(flows: readonly TestFlow[]): FlowBatch {
  const batch = createFlowBatch(flows.length);
  const { columns } = batch;
  for (const [row, flow] of flows.entries()) {
    const put = (column: Uint8Array, text: string | undefined) => {
      if (text === undefined) return;
      const bytes = addressBytes(text);
      if (bytes === null) throw new Error(`${text} is not an address`);
      column.set(bytes, row * 16);
    };
    setU64(columns.received_at, row, Date.parse(flow.receivedAt ?? TEST_TIME));
    if (flow.startAt) setU64(columns.start_at, row, Date.parse(flow.startAt));
    put(columns.exporter, flow.exporter ?? "198.18.0.1");
    put(columns.src_addr, flow.src);
    put(columns.dst_addr, flow.dst);
    put(columns.outer_src_addr, flow.outerSrc);
    put(columns.outer_dst_addr, flow.outerDst);
    columns.ip_version[row] = flow.ipVersion ?? ((flow.src ?? flow.dst)?.includes(":") ? 6 : 4);
    columns.src_port[row] = flow.srcPort ?? 40_000;
    columns.dst_port[row] = flow.dstPort ?? 443;
    columns.protocol[row] = flow.protocol ?? 6;
    columns.tcp_flags[row] = flow.tcpFlags ?? 0;
    columns.in_if[row] = flow.inIf ?? 0;
    columns.out_if[row] = flow.outIf ?? 0;
    columns.src_as[row] = flow.srcAs ?? 0;
    columns.dst_as[row] = flow.dstAs ?? 0;
    columns.direction[row] = flow.metered === "egress" ? 1 : 0;
    columns.sampling_rate[row] = flow.samplingRate ?? 0;
    columns.outer_protocol[row] = flow.outerProtocol ?? 0;
  }
  batch.rows = flows.length;
  return batch;
}

/** The classified columns of every row. */
export function classifiedOf({ rows, columns, labels }: FlowBatch): Classified[] {
  return Array.from({ length: rows }, (_, row) => {
    const hexadecimal = (column: Uint32Array) =>
      getU64(column, row) === 0
        ? null
        : [column[row * 2 + 1], column[row * 2]].map((word) => (word as number).toString(16).padStart(8, "0")).join("");
    return {
      family: columns.family[row] as number,
      technology: labels.technology[columns.technology[row] as number] as Technology,
      region: labels.region[columns.region[row] as number] as string,
      operator: labels.operator[columns.operator[row] as number] as string,
      access: labels.access[columns.access[row] as number] as AccessType,
      direction: labels.flow_direction[columns.flow_direction[row] as number] as FlowDirection,
      point: labels.observation_point[columns.observation_point[row] as number] as ObservationPoint,
      counted: columns.counted[row] as number,
      subscriber: hexadecimal(columns.subscriber),
      method: labels.subscriber_method[columns.subscriber_method[row] as number] as SubscriberMethod,
      prefix: hexadecimal(columns.subscriber_prefix),
      active: columns.active_family[row] as number,
      samplingRate: columns.sampling_rate[row] as number,
    };
  });
}
