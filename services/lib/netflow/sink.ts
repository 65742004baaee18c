import type { FlowBatch } from "@v6meter/schemas";

/** Where the decoder puts its rows. */
export interface FlowSink {
  /** The batch that is being filled; its unused rows are all zero. */
  batch: FlowBatch;
  /** Called when `batch` has no room: must return, and set `batch` to, a batch with room for two rows or more. */
  full(): FlowBatch;
}
