import type { Place } from "./place.ts";
import type { ReversePlan } from "./record-plan.ts";
import type { RecordRun } from "./record-run.ts";
import { readUnsigned } from "./record-walk.ts";

function carries(run: RecordRun, places: readonly Place[]): boolean {
  return places.some(({ offset, length }) => readUnsigned(run.view, run.at + offset, length) > 0);
}

function copyAddress(column: Uint8Array, from: number, to: number): void {
  column.copyWithin(to * 16, from * 16, from * 16 + 16);
}

function crossAddresses(source: Uint8Array, destination: Uint8Array, from: number, to: number): void {
  for (let i = 0; i < 16; i++) {
    source[to * 16 + i] = destination[from * 16 + i] as number;
    destination[to * 16 + i] = source[from * 16 + i] as number;
  }
}

type Numbers = Uint8Array | Uint16Array | Uint32Array;

function cross(source: Numbers, destination: Numbers, from: number, to: number): void {
  source[to] = destination[from] as number;
  destination[to] = source[from] as number;
}

/**
 * Writes the reverse direction of the record at `run.at`, whose forward row is `from`, to row `to`; false
 * where it carried no packets (where packets are not exported: no octets).
 *
 * RFC 5103 §4: elements without a reverse form describe the forward direction, so the ends change places;
 * what belongs to one direction only (flags, next hop, class of service) is taken from reverse elements or
 * is absent. Times are the biflow's where the reverse direction has none of its own.
 */
export function appendReverseRow(run: RecordRun, plan: ReversePlan, from: number, to: number): boolean {
  if (!carries(run, plan.packets.length > 0 ? plan.packets : plan.octets)) return false;
  const c = run.columns;
  for (const times of [c.received_at, c.start_at, c.end_at]) {
    times[to * 2] = times[from * 2] as number;
    times[to * 2 + 1] = times[from * 2 + 1] as number;
  }
  copyAddress(c.exporter, from, to);
  c.observation_domain[to] = c.observation_domain[from] as number;
  c.version[to] = c.version[from] as number;
  c.ip_version[to] = c.ip_version[from] as number;
  c.protocol[to] = c.protocol[from] as number;
  c.outer_protocol[to] = c.outer_protocol[from] as number;
  c.direction[to] = c.direction[from] as number;
  c.sampling_rate[to] = c.sampling_rate[from] as number;
  crossAddresses(c.src_addr, c.dst_addr, from, to);
  crossAddresses(c.outer_src_addr, c.outer_dst_addr, from, to);
  cross(c.src_port, c.dst_port, from, to);
  cross(c.src_as, c.dst_as, from, to);
  cross(c.src_mask, c.dst_mask, from, to);
  cross(c.in_if, c.out_if, from, to);
  cross(c.vlan_in, c.vlan_out, from, to);
  run.row = to;
  run.count = 1;
  for (const step of plan.steps) step(run);
  return true;
}
