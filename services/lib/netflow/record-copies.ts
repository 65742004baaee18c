import { stampRows } from "./address-steps.ts";
import { type ColumnCopy, stepOf } from "./column-copy.ts";
import { type CopyLoop, fuseCopies, offsetsOf, shapeOf } from "./fused-copies.ts";
import type { ColumnStep, RecordRun } from "./record-run.ts";

/** Rows after which a shape is worth a loop of its own: most made-up templates never get so far. */
const FUSED_AFTER_ROWS = 64;
/** Shapes whose loops are shared; beyond it those of new layouts begin anew. */
const MAX_SHAPES = 1_024;

/** What layouts of one shape share. */
interface Shape {
  loop: CopyLoop | null;
  rowsToLoop: number;
}

const shapes = new Map<string, Shape>();

function sharedShape(copies: readonly ColumnCopy[]): Shape {
  const name = shapeOf(copies);
  let shape = shapes.get(name);
  if (shape === undefined) {
    if (shapes.size >= MAX_SHAPES) shapes.clear();
    shape = { loop: null, rowsToLoop: FUSED_AFTER_ROWS };
    shapes.set(name, shape);
  }
  return shape;
}

/** Stamps the rows of a run and copies what is copied: step by step at first, then in one loop. */
export class RecordCopies {
  readonly #copies: readonly ColumnCopy[];
  readonly #offsets: Int32Array;
  readonly #shape: Shape;
  /** Made where the shape has no loop yet. */
  #steps: readonly ColumnStep[] | null = null;

  constructor(copies: readonly ColumnCopy[]) {
    this.#copies = copies;
    this.#offsets = offsetsOf(copies);
    this.#shape = sharedShape(copies);
  }

  apply(run: RecordRun): void {
    const { loop } = this.#shape;
    if (loop !== null) loop(run, this.#offsets);
    else this.#applySteps(run, this.#shape);
  }

  #applySteps(run: RecordRun, shape: Shape): void {
    stampRows(run);
    this.#steps ??= this.#copies.map(stepOf);
    for (const step of this.#steps) step(run);
    if (shape.rowsToLoop <= 0) return;
    shape.rowsToLoop -= run.count;
    if (shape.rowsToLoop <= 0) shape.loop = fuseCopies(this.#copies);
  }
}
