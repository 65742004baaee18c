interface Topic {
  readonly name: string;
  /** Keeps the last message of each key. */
  readonly compacted: boolean;
  /** The oldest go beyond these bytes, whoever has read them; null where only what was read goes. */
  readonly retain_bytes: number | null;
  readonly doc: string;
}

/** Topics of the bus. */
export const TOPICS = {
  flows: {
    name: "v6meter.flows",
    compacted: false,
    retain_bytes: null,
    doc: "Flow records as Arrow IPC streams, the books in the schema's metadata; columns that are zero share a buffer.",
  },
  sessions: {
    name: "v6meter.sessions",
    compacted: false,
    retain_bytes: null,
    doc: "Session events as Arrow IPC streams, the books in the schema's metadata; keyed by NAS.",
  },
  exporters: {
    name: "v6meter.exporters",
    compacted: true,
    retain_bytes: null,
    doc: "What a collector must know of each exporter after a restart.",
  },
  positions: {
    name: "v6meter.positions",
    compacted: true,
    retain_bytes: null,
    doc: "How far each collector's spool has been published, written in the transaction that publishes it.",
  },
  dead_letters: {
    name: "v6meter.dead_letters",
    compacted: false,
    retain_bytes: 67_108_864,
    doc: "Messages that could not be read, as they were; the reason and the place they came from are in their headers.",
  },
} as const satisfies Record<string, Topic>;

/** Headers of a message of `v6meter.dead_letters`. */
export const DEAD_LETTER_HEADERS = {
  reason: "v6meter.reason",
  topic: "v6meter.topic",
  partition: "v6meter.partition",
  offset: "v6meter.offset",
} as const;

/** Keys of the Arrow schema's metadata of a message of `v6meter.flows` or `v6meter.sessions`. */
export const ARROW_METADATA = { books: "v6meter.books", format: "v6meter.format" } as const;
/** Raised when the columns of `v6meter.sessions` change in a way an older reader cannot follow. */
export const SESSIONS_FORMAT = "1";
/** Raised when the columns of `v6meter.flows` change in a way an older reader cannot follow. */
export const FLOWS_FORMAT = "1";
