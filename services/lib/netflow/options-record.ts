import type { FillingBatch, ObservationDomain } from "./domain.ts";
import * as IE from "./elements.ts";
import type { Place } from "./place.ts";
import { readUnsigned } from "./record-walk.ts";
import { exportedRate, SAMPLING_RATE_ELEMENTS } from "./sampling-rate.ts";
import type { RecordLayout } from "./template.ts";

const MAX_TEXT_BYTES = 255;
const RATE_ELEMENTS = new Set(SAMPLING_RATE_ELEMENTS);
const utf8 = new TextDecoder();

/** A string element (RFC 7011 §6.1.6), cut at its first zero byte: v9 pads strings with them. */
function readText(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, Math.min(length, MAX_TEXT_BYTES));
  const end = bytes.indexOf(0);
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
}

/**
 * Learns what one options data record tells of its observation domain: sampling rates (of a sampler, an
 * interface or all), the boot time (IE 160), names of interfaces and of the domain.
 *
 * Scope fields of IPFIX are elements like any other (RFC 7011 §3.4.2.1). In v9 they are of a small
 * space of their own (RFC 3954 §6.1), of which only the interface matters here.
 */
export function learnFromOptions(
  layout: RecordLayout,
  view: DataView,
  offsets: Int32Array,
  lengths: Int32Array,
  domain: ObservationDomain,
  filling: FillingBatch,
): void {
  const rates = new Map<number, Place>();
  let sampler: number | null = null;
  let selector: number | null = null;
  let scopeInterface: number | null = null;
  let interfaceIndex: number | null = null;
  let name = "";
  let description = "";
  for (let i = 0; i < layout.fieldCount; i++) {
    const offset = offsets[i] as number;
    const length = lengths[i] as number;
    if (layout.enterprises[i] !== 0 || length === 0) continue;
    const element = layout.elements[i] as number;
    const inScope = i < layout.scopeCount;
    if (inScope && layout.version === 9 && element <= IE.V9_LAST_SCOPE_TYPE) {
      if (element === IE.V9_SCOPE_INTERFACE) scopeInterface = readUnsigned(view, offset, length);
    } else if (RATE_ELEMENTS.has(element)) rates.set(element, { offset, length });
    else if (element === IE.SAMPLER_ID) sampler = readUnsigned(view, offset, length);
    else if (element === IE.SELECTOR_ID) selector = readUnsigned(view, offset, length);
    else if (element === IE.SYSTEM_INIT_MS) domain.systemInitMs = readUnsigned(view, offset, length);
    else if (element === IE.INTERFACE_NAME) name = readText(view, offset, length);
    else if (element === IE.INTERFACE_DESCRIPTION) description = readText(view, offset, length);
    else if (element === IE.OBSERVATION_DOMAIN_NAME) domain.name = readText(view, offset, length);
    else if (element === IE.INGRESS_INTERFACE || element === IE.EGRESS_INTERFACE) {
      interfaceIndex = readUnsigned(view, offset, length);
      if (inScope) scopeInterface = interfaceIndex;
    }
  }
  if (rates.size > 0) domain.learnRate(exportedRate(view, 0, rates), selector ?? sampler, scopeInterface, filling);
  const named = scopeInterface ?? interfaceIndex;
  if (named !== null && (name !== "" || description !== "")) domain.learnInterface(named, name, description);
}
