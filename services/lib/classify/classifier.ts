import type { FlowBatch, Technology } from "@v6meter/schemas";
import type { Registry } from "./registry.ts";

/** Counts since the classifier was made. */
export interface ClassifierTotals {
  rows: number;
  /** Rows seen before at their type of observation point. */
  repeats: number;
  /** Flows that had to be forgotten while still fresh: more `repeatSlots` are needed. */
  repeatEvictions: number;
  /** Rows by technology. */
  readonly byTechnology: Record<Technology, number>;
}

export interface Classifier {
  /** Fills every `classify` column of the rows in place, and sampling_rate where it is 0 and declared. */
  classify(batch: FlowBatch): void;
  /** Takes note of flows of the past, as after a restart, without changing the batch or the totals. */
  remember(batch: FlowBatch): void;
  /** Takes over a new registry between two batches. */
  use(registry: Registry): void;
  readonly totals: ClassifierTotals;
}

export interface ClassifierOptions {
  readonly registry: Registry;
  /** Key of the subscriber hashes, 16 or 32 bytes. */
  readonly subscriberKey: Uint8Array;
  /** How long a flow belongs to the router that showed it first. */
  readonly repeatWindowMs: number;
  /** Flows followed at once to find repeats. */
  readonly repeatSlots: number;
}
