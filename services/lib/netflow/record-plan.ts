import { byIpVersion, copyMixedAddresses, copyOuterAddress, copyOuterProtocol } from "./address-steps.ts";
import { type ColumnCopy, stepOf } from "./column-copy.ts";
import * as IE from "./elements.ts";
import { FieldPlaces, type PackedField } from "./field-places.ts";
import { copyIcmpTypeAndCode, copyMplsLabel, fillU64 } from "./integer-steps.ts";
import { readFrameSection, readIpSection } from "./packet-section.ts";
import type { Place, TimeColumn, U8Column, U64Column } from "./place.ts";
import { RecordCopies } from "./record-copies.ts";
import type { ColumnStep } from "./record-run.ts";
import { exportedRate, SAMPLING_RATE_ELEMENTS } from "./sampling-rate.ts";
import type { RecordLayout } from "./template.ts";
import {
  copyDeltaMicroseconds,
  copyMilliseconds,
  copyNtpTime,
  copySeconds,
  copyUptime,
  whereNoTime,
} from "./time-steps.ts";

/** How the data records of one layout become rows; made once, without anything of one exporter in it. */
export interface RecordPlan {
  readonly layout: RecordLayout;
  /** Bytes from one record to the next where the steps read: the datagram, or packed records. */
  readonly stride: number;
  /** Fields to copy out of variable-length records before the steps run; empty for fixed ones. */
  readonly packed: readonly PackedField[];
  /** What is copied whatever the other columns hold; done before the steps. */
  readonly copies: RecordCopies;
  readonly steps: readonly ColumnStep[];
  /** Where a record says which sampler or selector took its packets (IE 302 or 48). */
  readonly sampler: Place | null;
  readonly carriesSamplingRate: boolean;
  readonly reverse: ReversePlan | null;
}

/** RFC 5103: how the reverse direction of a record becomes a row of its own. */
export interface ReversePlan {
  readonly packets: readonly Place[];
  readonly octets: readonly Place[];
  /** Run over a row that already holds the forward direction's values with both ends swapped. */
  readonly steps: readonly ColumnStep[];
}

/** What a layout's columns take, in order: a copy, or a step that may look at other columns. */
type PlannedStep = ColumnCopy | ColumnStep;

function asStep(step: PlannedStep): ColumnStep {
  return typeof step === "function" ? step : stepOf(step);
}

/** Makes the plan of a data template's layout. */
export function planRecords(layout: RecordLayout): RecordPlan {
  const places = new FieldPlaces(layout);
  const planned = forwardSteps(places);
  const copies = new RecordCopies(planned.filter((step) => typeof step !== "function"));
  const steps = planned.filter((step) => typeof step === "function");
  const reverse = planReverse(places);
  const sampler = places.last(0, IE.SELECTOR_ID) ?? places.last(0, IE.SAMPLER_ID);
  const rates = places.all(0, SAMPLING_RATE_ELEMENTS);
  const carriesSamplingRate = rates.size > 0;
  if (carriesSamplingRate) steps.push(copySamplingRate(rates));
  const { stride, packed } = places;
  return { layout, stride, packed, copies, steps, sampler, carriesSamplingRate, reverse };
}

function forwardSteps(places: FieldPlaces): PlannedStep[] {
  const steps: PlannedStep[] = [];
  const family = addressSteps(places, steps);
  plainSteps(places, 0, steps);
  const source: PerFamily = [IE.SOURCE_IPV4_MASK, IE.SOURCE_IPV6_MASK];
  const destination: PerFamily = [IE.DESTINATION_IPV4_MASK, IE.DESTINATION_IPV6_MASK];
  maskStep(places, "src_mask", source, family, steps);
  maskStep(places, "dst_mask", destination, family, steps);
  familyDependentSteps(places, 0, family, steps);
  counterSteps(places, 0, "bytes", IE.OCTETS, steps);
  counterSteps(places, 0, "packets", IE.PACKETS, steps);
  timeSteps(places, 0, "start_at", IE.START, steps);
  timeSteps(places, 0, "end_at", IE.END, steps);
  const outerProtocol = places.first(0, IE.PROTOCOL);
  const protocol = places.last(0, IE.PROTOCOL);
  if (outerProtocol !== null && protocol !== null && outerProtocol.offset !== protocol.offset)
    steps.push(copyOuterProtocol(outerProtocol, protocol));
  // Last, because it fills only what the record's own elements have left empty.
  if (family === "none") sectionStep(places, steps);
  return steps;
}

/** RFC 5103 §4: elements of the reverse direction that override what swapping the ends gives. */
function planReverse(places: FieldPlaces): ReversePlan | null {
  const pen = IE.REVERSE_ENTERPRISE;
  const found = (elements: readonly number[]) => [...places.all(pen, elements).values()];
  const packets = found([IE.PACKETS.delta, IE.PACKETS.post, ...IE.PACKETS.others]);
  const octets = found([IE.OCTETS.delta, IE.OCTETS.post, ...IE.OCTETS.others]);
  if (packets.length === 0 && octets.length === 0) return null;
  const steps: PlannedStep[] = [];
  plainSteps(places, pen, steps);
  familyDependentSteps(places, pen, "mixed", steps);
  counterSteps(places, pen, "bytes", IE.OCTETS, steps);
  counterSteps(places, pen, "packets", IE.PACKETS, steps);
  timeSteps(places, pen, "start_at", IE.START, steps);
  timeSteps(places, pen, "end_at", IE.END, steps);
  return { packets, octets, steps: steps.map(asStep) };
}

type Family = 4 | 6 | "mixed" | "none";
/** The element of IPv4 records and that of IPv6 records. */
type PerFamily = readonly [v4: number, v6: number];

/** Addresses and IP version; says which family the layout's records can have. */
function addressSteps(places: FieldPlaces, steps: PlannedStep[]): Family {
  const src4 = places.last(0, IE.SOURCE_IPV4, 4);
  const dst4 = places.last(0, IE.DESTINATION_IPV4, 4);
  const src6 = places.last(0, IE.SOURCE_IPV6, 16);
  const dst6 = places.last(0, IE.DESTINATION_IPV6, 16);
  const has4 = src4 !== null || dst4 !== null;
  const has6 = src6 !== null || dst6 !== null;
  if (has4 && has6) {
    const lastFamily = places.order(IE.SOURCE_IPV4) > places.order(IE.SOURCE_IPV6) ? 4 : 6;
    const ipVersion = places.last(0, IE.IP_VERSION);
    steps.push(copyMixedAddresses({ src4, dst4, src6, dst6, lastFamily, ipVersion }));
  } else if (has4) {
    steps.push({ form: "ip_version", version: 4 });
    if (src4 !== null) steps.push({ form: "ipv4", column: "src_addr", place: src4 });
    if (dst4 !== null) steps.push({ form: "ipv4", column: "dst_addr", place: dst4 });
  } else if (has6) {
    steps.push({ form: "ip_version", version: 6 });
    if (src6 !== null) steps.push({ form: "ipv6", column: "src_addr", place: src6 });
    if (dst6 !== null) steps.push({ form: "ipv6", column: "dst_addr", place: dst6 });
  }
  outerStep(places, "outer_src_addr", src4, IE.SOURCE_IPV4, 4, steps);
  outerStep(places, "outer_dst_addr", dst4, IE.DESTINATION_IPV4, 4, steps);
  outerStep(places, "outer_src_addr", src6, IE.SOURCE_IPV6, 6, steps);
  outerStep(places, "outer_dst_addr", dst6, IE.DESTINATION_IPV6, 6, steps);
  return has4 && has6 ? "mixed" : has4 ? 4 : has6 ? 6 : "none";
}

function outerStep(
  places: FieldPlaces,
  name: "outer_src_addr" | "outer_dst_addr",
  last: Place | null,
  element: number,
  family: 4 | 6,
  steps: PlannedStep[],
): void {
  const first = places.first(0, element, family === 4 ? 4 : 16);
  if (first === null || last === null || first.offset === last.offset) return;
  steps.push(copyOuterAddress(name, first, last, family));
}

function firstOf(places: FieldPlaces, pen: number, elements: readonly number[]): Place | null {
  for (const element of elements) {
    const place = places.last(pen, element);
    if (place !== null) return place;
  }
  return null;
}

function plainSteps(places: FieldPlaces, pen: number, steps: PlannedStep[]): void {
  for (const name of IE.COPIED_U8) {
    const place = firstOf(places, pen, IE.elementsOf(name));
    if (place !== null) steps.push({ form: "u8", column: name, place: place });
  }
  for (const name of IE.COPIED_U16) {
    const place = firstOf(places, pen, IE.elementsOf(name));
    if (place !== null) steps.push({ form: "u16", column: name, place: place });
  }
  for (const name of IE.COPIED_U32) {
    const place = firstOf(places, pen, IE.elementsOf(name));
    if (place !== null) steps.push({ form: "u32", column: name, place: place });
  }
  for (const name of IE.COPIED_U64) {
    const place = firstOf(places, pen, IE.elementsOf(name));
    if (place !== null) steps.push({ form: "u64", column: name, place: place });
  }
  const label = places.last(pen, IE.MPLS_TOP_LABEL, 3);
  if (label !== null) steps.push(copyMplsLabel(label));
}

function maskStep(
  places: FieldPlaces,
  name: U8Column,
  elements: PerFamily,
  family: Family,
  steps: PlannedStep[],
): void {
  const v4 = places.last(0, elements[0]);
  const v6 = places.last(0, elements[1]);
  pushPerFamily(
    family,
    v4 && { form: "u8", column: name, place: v4 },
    v6 && { form: "u8", column: name, place: v6 },
    steps,
  );
}

function pushPerFamily(family: Family, v4: PlannedStep | null, v6: PlannedStep | null, steps: PlannedStep[]): void {
  if (family === "mixed") {
    if (v4 !== null || v6 !== null) steps.push(byIpVersion(v4 && asStep(v4), v6 && asStep(v6)));
    return;
  }
  const step = family === 6 ? v6 : v4;
  if (step !== null) steps.push(step);
}

/** Next hop and ICMP: an element a family, of which a next hop may be of the other one (RFC 8950). */
function familyDependentSteps(places: FieldPlaces, pen: number, family: Family, steps: PlannedStep[]): void {
  const hop4 = places.last(pen, IE.NEXT_HOP_IPV4, 4);
  const hop6 = places.last(pen, IE.NEXT_HOP_IPV6, 16);
  const copy4: PlannedStep | null = hop4 && { form: "ipv4", column: "next_hop", place: hop4 };
  const copy6: PlannedStep | null = hop6 && { form: "ipv6", column: "next_hop", place: hop6 };
  pushPerFamily(family, copy4 ?? copy6, copy6 ?? copy4, steps);
  const icmp4 = icmpStep(places, pen, IE.ICMP_TYPE_CODE_IPV4, IE.ICMP_TYPE_IPV4, IE.ICMP_CODE_IPV4);
  const icmp6 = icmpStep(places, pen, IE.ICMP_TYPE_CODE_IPV6, IE.ICMP_TYPE_IPV6, IE.ICMP_CODE_IPV6);
  pushPerFamily(family, icmp4, icmp6, steps);
}

function icmpStep(places: FieldPlaces, pen: number, both: number, type: number, code: number): PlannedStep | null {
  const place = places.last(pen, both);
  if (place !== null) return { form: "u16", column: "icmp_type_code", place };
  const typePlace = places.last(pen, type);
  const codePlace = places.last(pen, code);
  return typePlace === null && codePlace === null ? null : copyIcmpTypeAndCode(typePlace, codePlace);
}

/**
 * Counters: the delta before the observation point; where that is absent or zero the one behind it
 * (egress metering fills only that); totals and others only where both are absent, never added to deltas.
 */
function counterSteps(
  places: FieldPlaces,
  pen: number,
  name: U64Column,
  elements: { readonly delta: number; readonly post: number; readonly others: readonly number[] },
  steps: PlannedStep[],
): void {
  const delta = places.last(pen, elements.delta);
  const post = places.last(pen, elements.post);
  const other = delta === null ? firstOf(places, pen, elements.others) : null;
  const [first, ...rest] = [delta, post, other].filter((place) => place !== null);
  if (first === undefined) return;
  steps.push({ form: "u64", column: name, place: first });
  for (const place of rest) steps.push(fillU64(name, place));
}

function timeSteps(
  places: FieldPlaces,
  pen: number,
  name: TimeColumn,
  forms: typeof IE.START | typeof IE.END,
  steps: PlannedStep[],
): void {
  const ms = places.last(pen, forms.ms);
  const s = places.last(pen, forms.s);
  const ntp = places.last(pen, forms.us, 8) ?? places.last(pen, forms.ns, 8);
  const deltaUs = places.last(pen, forms.deltaUs);
  if (ms !== null) steps.push(ms.length === 8 ? { form: "time", column: name, place: ms } : copyMilliseconds(name, ms));
  else if (s !== null) steps.push(copySeconds(name, s));
  else if (ntp !== null) steps.push(copyNtpTime(name, ntp));
  else if (deltaUs !== null) steps.push(copyDeltaMicroseconds(name, deltaUs));
  else {
    const uptime = places.last(pen, forms.uptimeMs);
    const observed = places.last(pen, forms.observedMs);
    if (uptime !== null) steps.push(uptimeStep(places, name, uptime));
    if (observed !== null) steps.push(whereNoTime(name, copyMilliseconds(name, observed)));
  }
}

/** IPFIX headers have no uptime (RFC 7011 §3.1); all others have one. */
function uptimeStep(places: FieldPlaces, name: TimeColumn, uptime: Place): PlannedStep {
  if (places.version !== 10 && uptime.length === 4) return { form: "uptime", column: name, place: uptime };
  return copyUptime(name, uptime, places.last(0, IE.SYSTEM_INIT_MS));
}

/** The sampled packet's own header, for records that have no addresses. */
function sectionStep(places: FieldPlaces, steps: PlannedStep[]): void {
  for (const element of [IE.DATA_LINK_FRAME_SECTION, IE.IP_HEADER_SECTION, IE.LAYER2_PACKET_SECTION]) {
    const place = places.section(element);
    if (place === null) continue;
    const read = element === IE.IP_HEADER_SECTION ? readIpSection : readFrameSection;
    const { offset, length } = place;
    steps.push(
      places.isPacked
        ? (run) => {
            for (let i = 0, p = run.at + offset; i < run.count; i++, p += run.stride) {
              const at = run.view.getUint32(p);
              read(run, run.row + i, at, at + run.view.getUint16(p + 4));
            }
          }
        : (run) => {
            for (let i = 0, p = run.at + offset; i < run.count; i++, p += run.stride)
              read(run, run.row + i, p, p + length);
          },
    );
    return;
  }
}

function copySamplingRate(rates: ReadonlyMap<number, Place>): ColumnStep {
  return (run) => {
    const column = run.columns.sampling_rate;
    for (let i = 0, p = run.at; i < run.count; i++, p += run.stride) {
      const rate = exportedRate(run.view, p, rates);
      column[run.row + i] = Math.min(0xffff_ffff, Math.round(rate));
    }
  };
}
