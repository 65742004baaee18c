import { type LiveFigures, putFigures } from "@v6meter/monitor";
import { type LedgerStage, STAGES } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type LedgerEntry, ledgerTotalsQuery } from "./queries/ledger.ts";

/** How long the sums of the ledger serve; a scrape by several servers costs one query. */
const LEDGER_TTL_MS = 5_000;

/** What sequence numbers tell; the other outcomes are the stage's own identity. */
const SEQUENCE_OUTCOMES = ["expected", "lost", "reordered", "duplicated"] as const;

export interface Metrics {
  /** Counts one answered request. */
  answered(request: { method: string; route: string; status: number; seconds: number }): void;
  /** All figures in the text format of Prometheus. */
  text(): Promise<{ contentType: string; body: string }>;
  start(): void;
  stop(): void;
}

/** The figures of /metrics: of this process, of the books and those the process gives. */
export function createMetrics(store: Store, live: () => LiveFigures | Promise<LiveFigures>): Metrics {
  const own = new Registry();
  const requests = new Histogram({
    name: "v6meter_http_request_duration_seconds",
    help: "Time to answer a request of the API",
    labelNames: ["method", "route", "status"],
    registers: [own],
  });
  const ledger = cached(LEDGER_TTL_MS, () => store.query(ledgerTotalsQuery, {}));
  return {
    answered({ method, route, status, seconds }) {
      requests.observe({ method, route, status }, seconds);
    },
    async text() {
      const scrape = new Registry();
      const entries = await ledger().catch(() => null);
      new Gauge({ name: "v6meter_store_up", help: "1 while the store answers", registers: [scrape] }).set(
        entries === null ? 0 : 1,
      );
      if (entries) putLedger(scrape, entries);
      putFigures(scrape, await live());
      return { contentType: scrape.contentType, body: `${await own.metrics()}\n${await scrape.metrics()}` };
    },
    start: () => collectDefaultMetrics({ register: own }),
    stop: () => own.clear(),
  };
}

function putLedger(registry: Registry, entries: readonly LedgerEntry[]): void {
  for (const [stage, { unit, about }] of Object.entries(STAGES) as [LedgerStage, (typeof STAGES)[LedgerStage]][]) {
    const units = new Counter({
      name: `v6meter_${stage}_${unit}_total`,
      help: `The books: ${about}`,
      labelNames: ["outcome", "reason"],
      registers: [registry],
    });
    const held = new Gauge({
      name: `v6meter_${stage}_held_${unit}`,
      help: `Neither forwarded nor dropped yet: ${about}`,
      registers: [registry],
    });
    for (const entry of entries) {
      if (entry.stage !== stage || isSequence(entry)) continue;
      if (entry.outcome === "held") held.inc(Number(entry.units));
      else units.inc({ outcome: entry.outcome, reason: entry.reason }, Number(entry.units));
    }
  }
  const sequence = new Counter({
    name: "v6meter_sequence_units_total",
    help: "What sequence numbers tell, in the unit of each exporter's version",
    labelNames: ["outcome"],
    registers: [registry],
  });
  for (const entry of entries) if (isSequence(entry)) sequence.inc({ outcome: entry.outcome }, Number(entry.units));
}

function isSequence({ outcome }: LedgerEntry): boolean {
  return (SEQUENCE_OUTCOMES as readonly string[]).includes(outcome);
}

/** One load at a time, kept for a while; a failed one is not kept. */
function cached<T>(ttlMs: number, load: () => Promise<T>): () => Promise<T> {
  let kept: { untilMs: number; value: Promise<T> } | null = null;
  return () => {
    const nowMs = performance.now();
    if (kept && nowMs < kept.untilMs) return kept.value;
    const value = load();
    const entry = { untilMs: nowMs + ttlMs, value };
    kept = entry;
    value.catch(() => {
      if (kept === entry) kept = null;
    });
    return value;
  };
}
