import { stampRows } from "./address-steps.ts";
import { type ColumnCopy, stepOf } from "./column-copy.ts";
import { fuseCopies } from "./fused-copies.ts";
import type { ColumnStep, RecordRun } from "./record-run.ts";

/** Rows after which a layout is worth a loop of its own: most made-up templates never get so far. */
const FUSED_AFTER_ROWS = 64;

/** Stamps the rows of a run and copies what is copied: step by step at first, then in one loop. */
export class RecordCopies {
  readonly #copies: readonly ColumnCopy[];
  readonly #steps: readonly ColumnStep[];
  #fused: ColumnStep | null = null;
  #rowsToFused = FUSED_AFTER_ROWS;

  constructor(copies: readonly ColumnCopy[]) {
    this.#copies = copies;
    this.#steps = copies.map(stepOf);
  }

  apply(run: RecordRun): void {
    if (this.#fused !== null) {
      this.#fused(run);
      return;
    }
    stampRows(run);
    for (const step of this.#steps) step(run);
    if (this.#rowsToFused <= 0) return;
    this.#rowsToFused -= run.count;
    if (this.#rowsToFused <= 0) this.#fused = fuseCopies(this.#copies);
  }
}
