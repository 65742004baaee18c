/** Topics of the bus. A compacted topic keeps the last message of each key. */
export const TOPICS = {
  flows: {
    name: "v6meter.flows",
    compacted: false,
    doc: "Flow records as Arrow IPC streams, the books in the schema's metadata; columns that are zero share a buffer.",
  },
  exporters: {
    name: "v6meter.exporters",
    compacted: true,
    doc: "What a collector must know of each exporter after a restart.",
  },
} as const;

/** Keys of the Arrow schema's metadata of a message of `v6meter.flows`. */
export const ARROW_METADATA = { books: "v6meter.books", format: "v6meter.format" } as const;
/** Raised when the columns of `v6meter.flows` change in a way an older reader cannot follow. */
export const FLOWS_FORMAT = "1";
