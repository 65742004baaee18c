import { countByExporter, encodeTable } from "@v6meter/batch";
import {
  addressBytes,
  type ExporterStatus,
  type FlowBatch,
  type LedgerDelta,
  type LedgerOutcome,
  type LedgerStage,
} from "@v6meter/schemas";

/** The ledger sums by this long. */
const LEDGER_STEP_MS = 300_000;

/** Books of rows that went through a stage whole. */
function passed(batches: readonly FlowBatch[], stage: LedgerStage): LedgerDelta[] {
  return batches.flatMap((batch) =>
    [...countByExporter(batch)].flatMap(([exporter, count]) =>
      (["received", "forwarded"] as const).map((outcome: LedgerOutcome) => ({
        exporter,
        stage,
        outcome,
        reason: "",
        count,
      })),
    ),
  );
}

/** What the stages after the bus add to the books of a cut: every row read is classified and written. */
export function booksOfCut(batches: readonly FlowBatch[], unreadableMessages: number): LedgerDelta[] {
  const books = [...passed(batches, "classify"), ...passed(batches, "write")];
  if (unreadableMessages > 0) {
    const unreadable = { exporter: "::", stage: "classify", count: unreadableMessages } as const;
    books.push({ ...unreadable, outcome: "received", reason: "" });
    books.push({ ...unreadable, outcome: "dropped", reason: "batch_unreadable" });
  }
  return books;
}

/** An exporter's address; one that cannot be read stands with the books of no exporter. */
function address(text: string): Uint8Array {
  return addressBytes(text) ?? new Uint8Array(16);
}

/** Rows of the table `ledger`: deltas summed by exporter, stage, outcome and reason. */
export function encodeLedger(deltas: readonly LedgerDelta[], atMs: number): { arrow: Uint8Array; rows: number } {
  const sums = new Map<string, LedgerDelta>();
  for (const delta of deltas) {
    const key = `${delta.exporter} ${delta.stage} ${delta.outcome} ${delta.reason}`;
    const sum = sums.get(key);
    if (sum) sum.count += delta.count;
    else sums.set(key, { ...delta });
  }
  const rows = [...sums.values()].filter(({ count }) => count !== 0);
  const at = Math.floor(atMs / LEDGER_STEP_MS) * LEDGER_STEP_MS;
  const arrow = encodeTable({
    at: { kind: "time", values: rows.map(() => at) },
    exporter: { kind: "ip", values: rows.map(({ exporter }) => address(exporter)) },
    stage: { kind: "string", values: rows.map(({ stage }) => stage) },
    outcome: { kind: "string", values: rows.map(({ outcome }) => outcome) },
    reason: { kind: "string", values: rows.map(({ reason }) => reason) },
    count: { kind: "i64", values: rows.map(({ count }) => BigInt(count)) },
  });
  return { arrow, rows: rows.length };
}

/** Rows of the table `exporters`: the latest status of each session. */
export function encodeExporters(statuses: readonly ExporterStatus[]): { arrow: Uint8Array; rows: number } {
  const latest = new Map<string, ExporterStatus>();
  for (const status of statuses) {
    latest.set(`${status.exporter} ${status.version} ${status.observation_domain} ${status.source_port}`, status);
  }
  const rows = [...latest.values()];
  const arrow = encodeTable({
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
    clock_offset_ms: { kind: "i64", values: rows.map(({ clock_offset_ms }) => BigInt(Math.round(clock_offset_ms))) },
    clock_off: { kind: "bool", values: rows.map(({ clock_off }) => clock_off) },
    interfaces: { kind: "string", values: rows.map(({ interfaces }) => JSON.stringify(interfaces)) },
    name: { kind: "string", values: rows.map(({ name }) => name) },
  });
  return { arrow, rows: rows.length };
}
