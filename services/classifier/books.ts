import { countByClient, countByExporter } from "@v6meter/batch";
import type {
  DropReason,
  ExporterStatus,
  FlowBatch,
  LedgerDelta,
  LedgerOutcome,
  LedgerStage,
  SessionBatch,
} from "@v6meter/schemas";

/** The ledger sums by this long. */
const LEDGER_STEP_MS = 300_000;

/** Books of rows that went through a stage whole, by whom they came from. */
function passed(counts: Iterable<ReadonlyMap<string, number>>, stage: LedgerStage): LedgerDelta[] {
  return [...counts].flatMap((byExporter) =>
    [...byExporter].flatMap(([exporter, count]) =>
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

function unreadable(stage: LedgerStage, reason: DropReason, count: number): LedgerDelta[] {
  if (count === 0) return [];
  return [
    { exporter: "::", stage, outcome: "received", reason: "", count },
    { exporter: "::", stage, outcome: "dropped", reason, count },
  ];
}

/** What the stages after the bus add to the books of a cut: every row read is classified and written. */
export function booksOfCut(batches: readonly FlowBatch[], unreadableMessages: number): LedgerDelta[] {
  const counts = batches.map(countByExporter);
  return [
    ...passed(counts, "classify"),
    ...passed(counts, "write"),
    ...unreadable("classify", "batch_unreadable", unreadableMessages),
  ];
}

/** The same of session events: every event read is stored. */
export function booksOfSessionCut(batches: readonly SessionBatch[], unreadableMessages: number): LedgerDelta[] {
  return [
    ...passed(batches.map(countByClient), "record"),
    ...unreadable("record", "sessions_unreadable", unreadableMessages),
  ];
}

/** Changes summed by exporter, stage, outcome and reason, at the step of the ledger they fall into. */
export function ledgerRows(deltas: readonly LedgerDelta[], atMs: number): (LedgerDelta & { atMs: number })[] {
  const step = Math.floor(atMs / LEDGER_STEP_MS) * LEDGER_STEP_MS;
  const sums = new Map<string, LedgerDelta & { atMs: number }>();
  for (const delta of deltas) {
    const key = `${delta.exporter} ${delta.stage} ${delta.outcome} ${delta.reason}`;
    const sum = sums.get(key);
    if (sum) sum.count += delta.count;
    else sums.set(key, { ...delta, atMs: step });
  }
  return [...sums.values()].filter(({ count }) => count !== 0);
}

/** The latest status of each export stream. */
export function latestStatuses(statuses: readonly ExporterStatus[]): ExporterStatus[] {
  const latest = new Map<string, ExporterStatus>();
  for (const status of statuses) {
    latest.set(`${status.exporter} ${status.version} ${status.observation_domain} ${status.source_port}`, status);
  }
  return [...latest.values()];
}
