/** What the environment holds beside the messages' values; all of it as JSON. */

/** Made once with the bus. */
export interface Identity {
  readonly format: string;
  /** Random; part of every token, so that a bus that was wiped never repeats one. */
  readonly busId: string;
  readonly partitions: number;
}

/** Raised when an older program cannot read the environment. */
export const BUS_FORMAT = "v6meter.bus/2";

/** Of a program before folded values: it is read as it is, and from then on of this format. */
export const EARLIER_FORMAT = "v6meter.bus/1";

/** What is held, kept in the transaction that changes it. */
export interface Held {
  readonly bytes: number;
  readonly messages: number;
}

/** One partition of a topic. */
export interface Partition {
  /** Offset of the oldest message that is held; `end` where none is. */
  readonly first: number;
  /** Offset of the next message. */
  readonly end: number;
  /** Bytes of all values ever published to it. */
  readonly bytes: number;
}

export const EMPTY_PARTITION: Partition = { first: 0, end: 0, bytes: 0 };

/** A message without its value. */
export interface Head {
  readonly key: string;
  readonly publishedAtMs: number;
  readonly size: number;
  /** `bytes` of the partition before it: differences give the size of a run. */
  readonly before: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a folded value. */
  readonly contentBytes?: number;
}

/** Where a group stands in a partition. */
export interface Position {
  /** Offset behind the last message committed. */
  readonly next: number;
  /** First and last offset of the cut that was begun and not committed. */
  readonly cut: readonly [number, number] | null;
}

/** Counts the members that joined: only the last one may begin and commit. */
export interface Group {
  readonly epoch: number;
}

/** Keys of the environment's databases. */
export type PartitionKey = [topic: string, partition: number];
export type MessageKey = [topic: string, partition: number, offset: number];
export type PositionKey = [topic: string, partition: number, group: string];
export type GroupKey = [topic: string, group: string];
export type CompactedKey = [topic: string, key: string];
