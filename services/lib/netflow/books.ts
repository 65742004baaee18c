import {
  DROP_REASON_NAMES,
  DROP_REASONS,
  type DropReason,
  type LedgerDelta,
  type LedgerOutcome,
  type LedgerStage,
} from "@v6meter/schemas";

interface Entry {
  readonly stage: LedgerStage;
  readonly outcome: LedgerOutcome;
  readonly reason: string;
}

const OWN_STAGES = ["receive", "decode"] as const;
const SEQUENCE_OUTCOMES = ["expected", "lost", "reordered", "duplicated"] as const;

const ENTRIES: readonly Entry[] = [
  ...OWN_STAGES.flatMap((stage) =>
    (["received", "forwarded", "held"] as const).map((outcome) => ({ stage, outcome, reason: "" })),
  ),
  ...SEQUENCE_OUTCOMES.map((outcome) => ({ stage: "receive" as const, outcome, reason: "" })),
  ...DROP_REASON_NAMES.filter(
    (reason) => DROP_REASONS[reason].stage === "receive" || DROP_REASONS[reason].stage === "decode",
  ).map((reason) => ({ stage: DROP_REASONS[reason].stage, outcome: "dropped" as const, reason })),
];

function entryOf(stage: LedgerStage, outcome: LedgerOutcome, reason = ""): number {
  return ENTRIES.findIndex((entry) => entry.stage === stage && entry.outcome === outcome && entry.reason === reason);
}

const DATAGRAMS_RECEIVED = entryOf("receive", "received");
const DATAGRAMS_FORWARDED = entryOf("receive", "forwarded");
const SETS_RECEIVED = entryOf("decode", "received");
const SETS_FORWARDED = entryOf("decode", "forwarded");
const SETS_HELD = entryOf("decode", "held");
const EXPECTED = entryOf("receive", "expected");
const LOST = entryOf("receive", "lost");
const REORDERED = entryOf("receive", "reordered");
const DUPLICATED = entryOf("receive", "duplicated");
const DROPPED = new Map<DropReason, number>(
  DROP_REASON_NAMES.map((reason) => [reason, entryOf(DROP_REASONS[reason].stage, "dropped", reason)]),
);

/** The books of one exporter since they were last taken: stages `receive` and `decode`. */
export class ExporterBooks {
  readonly #counts = new Float64Array(ENTRIES.length);
  #changed = false;

  /** Something was booked since the last take. */
  get changed(): boolean {
    return this.#changed;
  }

  #add(entry: number, count: number): void {
    this.#counts[entry] = (this.#counts[entry] as number) + count;
    this.#changed = true;
  }

  /** A datagram reached the decoder. */
  datagramReceived(): void {
    this.#add(DATAGRAMS_RECEIVED, 1);
  }

  datagramForwarded(): void {
    this.#add(DATAGRAMS_FORWARDED, 1);
  }

  setReceived(): void {
    this.#add(SETS_RECEIVED, 1);
  }

  setForwarded(): void {
    this.#add(SETS_FORWARDED, 1);
  }

  /** Sets parked (positive) or no longer parked (negative). */
  setsHeld(count: number): void {
    this.#add(SETS_HELD, count);
  }

  /** One datagram or set, by the reason's stage. */
  dropped(reason: DropReason): void {
    this.#add(DROPPED.get(reason) as number, 1);
  }

  expected(units: number): void {
    this.#add(EXPECTED, units);
  }

  /** Negative where units thought lost came after all. */
  lost(units: number): void {
    this.#add(LOST, units);
  }

  reordered(units: number): void {
    this.#add(REORDERED, units);
  }

  duplicated(units: number): void {
    this.#add(DUPLICATED, units);
  }

  /** Appends what changed since the last take and begins anew. */
  take(exporter: string, into: LedgerDelta[]): void {
    if (!this.#changed) return;
    for (const [i, { stage, outcome, reason }] of ENTRIES.entries()) {
      const count = this.#counts[i] as number;
      if (count !== 0) into.push({ exporter, stage, outcome, reason, count });
    }
    this.#counts.fill(0);
    this.#changed = false;
  }
}
