import { addressBytes, type FlowBatch, setU64 } from "@v6meter/schemas";
import type { MessageHeader } from "../header.ts";
import type { LibraryRecord } from "./library.ts";

/** Where a record came from, and what its header and options say of it. */
export interface RecordOrigin {
  readonly header: MessageHeader;
  readonly exporter: Uint8Array;
  readonly receivedAtMs: number;
  readonly samplingRate: number;
}

/** The number under the first of the names that is there; 0 when none is. */
function number(record: LibraryRecord, ...names: string[]): number {
  for (const name of names) {
    const value = record[name];
    if (typeof value === "number") return value;
  }
  return 0;
}

function first(record: LibraryRecord, ...names: string[]): number {
  for (const name of names) {
    const value = number(record, name);
    if (value !== 0) return value;
  }
  return 0;
}

/** 16 bytes of the dotted quad or the 32 hex digits the library writes addresses as; null where there is none. */
function address(record: LibraryRecord, v4Name: string, v6Name: string): Uint8Array | null {
  const v6 = record[v6Name];
  if (typeof v6 === "string" && /^[0-9a-f]{32}$/.test(v6) && /[1-9a-f]/.test(v6)) return Buffer.from(v6, "hex");
  const v4 = record[v4Name];
  return typeof v4 === "string" ? addressBytes(v4) : null;
}

/** Milliseconds since 1970 of a flow's start or end, in whichever form it has; 0 when it has none. */
function time(record: LibraryRecord, { exportMs, uptimeMs }: MessageHeader, edge: "Start" | "End"): number {
  const switched = record[edge === "Start" ? "first_switched" : "last_switched"];
  // The difference of two sysUptimes is right across the wrap of their 32 bits.
  if (typeof switched === "number") return Math.max(exportMs - ((uptimeMs - switched) | 0), 0);
  const ms = number(record, `flow${edge}Milliseconds`);
  if (ms > 0) return ms;
  return number(record, `flow${edge}Seconds`) * 1_000;
}

/** Writes one record of the library as row `row` of the batch, whose elements are all zero there. */
export function writeRow(batch: FlowBatch, row: number, record: LibraryRecord, origin: RecordOrigin): void {
  const { columns } = batch;
  const { header } = origin;
  const source = address(record, "ipv4_src_addr", "ipv6_src_addr");
  const destination = address(record, "ipv4_dst_addr", "ipv6_dst_addr");
  const isV6 = (bytes: Uint8Array | null) => bytes?.subarray(0, 10).some((octet) => octet !== 0);
  const v6 = isV6(source) || isV6(destination);
  const nextHop = address(record, "ipv4_next_hop", "ipv6_next_hop");

  setU64(columns.received_at, row, origin.receivedAtMs);
  setU64(columns.start_at, row, time(record, header, "Start"));
  setU64(columns.end_at, row, time(record, header, "End"));
  columns.exporter.set(origin.exporter, row * 16);
  columns.observation_domain[row] = header.domain;
  columns.version[row] = header.version;
  columns.ip_version[row] = v6 ? 6 : source !== null || destination !== null ? 4 : 0;
  if (source !== null) columns.src_addr.set(source, row * 16);
  if (destination !== null) columns.dst_addr.set(destination, row * 16);
  if (nextHop !== null) columns.next_hop.set(nextHop, row * 16);
  columns.src_port[row] = number(record, "l4_src_port", "ipv4_src_port", "udpSourcePort", "tcpSourcePort");
  columns.dst_port[row] = number(record, "l4_dst_port", "ipv4_dst_port", "udpDestinationPort", "tcpDestinationPort");
  columns.protocol[row] = number(record, "protocol");
  columns.tcp_flags[row] = number(record, "tcp_flags");
  columns.tos[row] = number(record, "src_tos");
  columns.icmp_type_code[row] =
    number(record, "icmp_type", "icmpTypeCodeIPv6") ||
    (number(record, "icmpTypeIPv4", "icmpTypeIPv6") << 8) | number(record, "icmpCodeIPv4", "icmpCodeIPv6");
  setU64(
    columns.bytes,
    row,
    first(record, "in_bytes", "out_bytes") ||
      number(record, "in_permanent_bytes", "initiatorOctets", "layer2OctetDeltaCount"),
  );
  setU64(
    columns.packets,
    row,
    first(record, "in_pkts", "out_pkts") || number(record, "in_permanent_pkts", "initiatorPackets"),
  );
  setU64(columns.responder_bytes, row, number(record, "responderOctets"));
  setU64(columns.responder_packets, row, number(record, "responderPackets"));
  columns.sampling_rate[row] = number(record, "sampling_interval") || origin.samplingRate;
  columns.in_if[row] = number(record, "input_snmp");
  columns.out_if[row] = number(record, "output_snmp");
  columns.src_as[row] = number(record, "src_as", "in_as");
  columns.dst_as[row] = number(record, "dst_as", "out_as");
  columns.src_mask[row] = v6 ? number(record, "ipv6_src_mask") : number(record, "src_mask");
  columns.dst_mask[row] = v6 ? number(record, "ipv6_dst_mask") : number(record, "dst_mask");
  columns.vlan_in[row] = number(record, "src_vlan", "dot1qVlanId");
  columns.vlan_out[row] = number(record, "dst_vlan", "postDot1qVlanId");
  columns.mpls_label[row] = number(record, "mpls_label_1") >>> 4;
  columns.direction[row] = number(record, "direction");
  columns.forwarding_status[row] = number(record, "fw_status");
  columns.firewall_event[row] = number(record, "firewallEvent");
  columns.nat_event[row] = number(record, "natEvent");
}
