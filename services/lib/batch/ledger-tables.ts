import { addressBytes, type ExporterStatus, type LedgerDelta } from "@v6meter/schemas";
import { encodeTable } from "./table.ts";

/** An exporter's address; one that cannot be read stands with the books of no exporter (`::`). */
function address(text: string): Uint8Array {
  return addressBytes(text) ?? new Uint8Array(16);
}

/** Rows of the table `ledger` as an Arrow stream: changes of the books and the time they are booked at. */
export function encodeLedger(rows: readonly (LedgerDelta & { readonly atMs: number })[]): Uint8Array {
  return encodeTable({
    at: { kind: "time", values: rows.map(({ atMs }) => atMs) },
    exporter: { kind: "ip", values: rows.map(({ exporter }) => address(exporter)) },
    stage: { kind: "string", values: rows.map(({ stage }) => stage) },
    outcome: { kind: "string", values: rows.map(({ outcome }) => outcome) },
    reason: { kind: "string", values: rows.map(({ reason }) => reason) },
    count: { kind: "i64", values: rows.map(({ count }) => count) },
  });
}

/** Rows of the table `exporters` as an Arrow stream; lists are JSON. */
export function encodeExporters(rows: readonly ExporterStatus[]): Uint8Array {
  return encodeTable({
    exporter: { kind: "ip", values: rows.map(({ exporter }) => address(exporter)) },
    version: { kind: "u8", values: rows.map(({ version }) => version) },
    observation_domain: { kind: "u32", values: rows.map(({ observation_domain }) => observation_domain) },
    source_port: { kind: "u16", values: rows.map(({ source_port }) => source_port) },
    first_seen_at: { kind: "time", values: rows.map(({ first_seen_at_ms }) => first_seen_at_ms) },
    last_seen_at: { kind: "time", values: rows.map(({ last_seen_at_ms }) => last_seen_at_ms) },
    templates: { kind: "u32", values: rows.map(({ templates }) => templates) },
    options_templates: { kind: "u32", values: rows.map(({ options_templates }) => options_templates) },
    sampling: { kind: "string", values: rows.map(({ sampling }) => JSON.stringify(sampling)) },
    sampling_source: { kind: "string", values: rows.map(({ sampling_source }) => sampling_source) },
    clock_offset_ms: { kind: "i64", values: rows.map(({ clock_offset_ms }) => Math.round(clock_offset_ms)) },
    clock_off: { kind: "bool", values: rows.map(({ clock_off }) => clock_off) },
    interfaces: { kind: "string", values: rows.map(({ interfaces }) => JSON.stringify(interfaces)) },
    name: { kind: "string", values: rows.map(({ name }) => name) },
  });
}
