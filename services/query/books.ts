import { type api, type LedgerOutcome, type LedgerStage, STAGES } from "@v6meter/schemas";
import type { LedgerEntry } from "./queries/ledger.ts";

type Sums = Partial<Record<LedgerOutcome, bigint>>;

/** Puts entries of the ledger together to the books of the stages asked for (all where none is named). */
export function booksOf(entries: readonly LedgerEntry[], stages: readonly LedgerStage[] = []): api.Books {
  const shown = stages.length === 0 ? (Object.keys(STAGES) as LedgerStage[]) : stages;
  const books = Object.fromEntries(
    shown.map((stage) => [
      stage,
      stageBooks(
        stage,
        entries.filter((entry) => entry.stage === stage),
      ),
    ]),
  ) as Record<LedgerStage, api.StageBooks>;
  const sequence = sumsOf(entries.filter((entry) => entry.stage === "receive"));
  const sets = sumsOf(entries.filter((entry) => entry.stage === "decode"));
  return {
    stages: books,
    sequence: {
      expected: String(sequence.expected ?? 0n),
      lost: String(sequence.lost ?? 0n),
      reordered: String(sequence.reordered ?? 0n),
      duplicated: String(sequence.duplicated ?? 0n),
    },
    balanced: Object.values(books).every(({ balanced }) => balanced),
    completeness: completenessRatio(sequence, sets),
  };
}

/** Sums by outcome. */
function sumsOf(entries: readonly LedgerEntry[]): Sums {
  const sums: Sums = {};
  for (const { outcome, units } of entries) sums[outcome] = (sums[outcome] ?? 0n) + BigInt(units);
  return sums;
}

function stageBooks(stage: LedgerStage, entries: readonly LedgerEntry[]): api.StageBooks {
  const { received = 0n, forwarded = 0n, held = 0n, dropped = 0n } = sumsOf(entries);
  const reasons: Record<string, bigint> = {};
  for (const { outcome, reason, units } of entries) {
    if (outcome === "dropped") reasons[reason] = (reasons[reason] ?? 0n) + BigInt(units);
  }
  return {
    unit: STAGES[stage].unit,
    received: String(received),
    forwarded: String(forwarded),
    held: String(held),
    dropped: String(dropped),
    dropped_by_reason: Object.fromEntries(Object.entries(reasons).map(([reason, units]) => [reason, String(units)])),
    balanced: received === forwarded + held + dropped,
  };
}

/** The same figure as completeness_of in sql/queries/traffic-share.sql; a test holds them together. */
function completenessRatio(sequence: Sums, sets: Sums): number | null {
  const { expected = 0n, lost = 0n } = sequence;
  if (expected <= 0n) return null;
  const { received = 0n, dropped = 0n } = sets;
  const arrived = clamp(Number(expected - lost) / Number(expected));
  return arrived * (received <= 0n ? 1 : clamp(1 - Number(dropped) / Number(received)));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
