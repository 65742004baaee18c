import { decodeFlows } from "@v6meter/batch";
import { type Bus, contentOf, type OutgoingMessage } from "@v6meter/bus";
import { type LedgerDelta, TOPICS } from "@v6meter/schemas";

/** One publish as a reader of the bus sees it. */
export interface Published {
  /** Rows of each message of flows. */
  readonly rows: number[];
  /** Where each of them was sent; undefined where its key says. */
  readonly partitions: (number | undefined)[];
  /** Octets of every row, in order. */
  readonly bytes: number[];
  readonly ledger: LedgerDelta[];
  /** Messages of flows that came folded. */
  folded: number;
  /** Keys of the exporters' state. */
  readonly state: string[];
}

/**
 * A bus that reads what is published at the moment it is accepted, and does first what the test says:
 * throw, or wait.
 */
export function recordingBus(before: (call: number) => Promise<void> = async () => {}) {
  const published: Published[] = [];
  let calls = 0;
  const bus: Bus = {
    busId: "recording",
    maxMessageBytes: 1_073_741_824,
    partitions: 1,
    publish: async (messages) => {
      await before(++calls);
      published.push(read(messages));
    },
    latest: async () => new Map(),
    consumer: () => Promise.reject(new Error("nobody reads here")),
    follow: async () => null,
    usage: async () => ({ bytes: 0, maxBytes: 1, messages: 0 }),
    stop: async () => {},
  };
  return { bus, published };
}

function read(messages: readonly OutgoingMessage[]): Published {
  const publish: Published = { rows: [], partitions: [], bytes: [], ledger: [], folded: 0, state: [] };
  for (const { topic, key, value, contentBytes, partition } of messages) {
    if (topic === TOPICS.exporters.name) {
      publish.state.push(key);
      continue;
    }
    if (contentBytes !== undefined) publish.folded++;
    const folded = contentBytes !== undefined && { contentBytes };
    const { batches, books } = decodeFlows(contentOf({ value: value as Uint8Array, ...folded }));
    publish.ledger.push(...books.ledger);
    publish.partitions.push(partition);
    for (const { rows, columns } of batches) {
      publish.rows.push(rows);
      for (let row = 0; row < rows; row++) publish.bytes.push(columns.bytes[row * 2] as number);
    }
  }
  return publish;
}

/** A NetFlow v5 datagram of 30 records; record i of it says `first + i` octets. */
export function v5Datagram(first: number): Uint8Array {
  const datagram = Buffer.alloc(24 + 30 * 48);
  datagram.writeUInt16BE(5, 0);
  datagram.writeUInt16BE(30, 2);
  datagram.writeUInt32BE(3_600_000, 4);
  datagram.writeUInt32BE(1_750_000_000, 8);
  datagram.writeUInt32BE(first, 16);
  for (let i = 0; i < 30; i++) datagram.writeUInt32BE(first + i, 24 + i * 48 + 20);
  return datagram;
}

/** Sum of the counts of one line of the books. */
export function booked(
  published: readonly Published[],
  stage: LedgerDelta["stage"],
  outcome: LedgerDelta["outcome"],
  reason = "",
): number {
  let sum = 0;
  for (const { ledger } of published) {
    for (const delta of ledger)
      if (delta.stage === stage && delta.outcome === outcome && delta.reason === reason) sum += delta.count;
  }
  return sum;
}
