/**
 * The bus between collectors and classifiers: what the embedded adapter and a Kafka adapter both are.
 * One contract suite runs against every adapter.
 */

export interface OutgoingMessage {
  /** A topic's name, see TOPICS. */
  readonly topic: string;
  /** Messages of one key keep their order; a compacted topic keeps the last one of each key. */
  readonly key: string;
  /** Null in a compacted topic forgets the key. */
  readonly value: Uint8Array | null;
  /** The partition it goes to, of a topic that is not compacted; by its key where left out. */
  readonly partition?: number;
  /** Short texts beside the value. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The value is folded: one zstd frame without checksum or dictionary (RFC 8878), which the bus keeps and hands on as
   * it is. Its content, which has so many bytes, is the value that readers are given.
   */
  readonly contentBytes?: number;
}

/** The value of a message as the bus gives it. */
export interface MessageValue {
  readonly value: Uint8Array;
  /** Only to who asked for folded values: this one is, and its content has so many bytes. */
  readonly contentBytes?: number;
}

export interface Message extends MessageValue {
  /** Place in its partition; offsets of a partition grow. */
  readonly offset: number;
  readonly key: string;
  readonly publishedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A cut: a run of messages of one partition that is stored as one. Its token names the bus, topic,
 * partition, first and last offset, so that a cut that is repeated has the same token and no other has.
 */
export interface Delivery {
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly messages: readonly Message[];
  readonly token: string;
  /** The cut was begun before and not committed: it is delivered again, exactly as it was. */
  readonly repeated: boolean;
}

export interface ReceiveLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** How long to wait for a first message. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

export interface PartitionLag {
  readonly partition: number;
  /** The group's position: the offset behind the last message it committed. */
  readonly committedOffset: number;
  /** The offset the next message of the partition will have. */
  readonly endOffset: number;
  /** Messages not committed; at most so many where the bus's offsets have gaps, as a transaction's end makes in Kafka. */
  readonly messages: number;
  /** Bytes of their values; null where the bus does not tell. */
  readonly bytes: number | null;
}

/**
 * One member of a consumer group. At most one delivery of a partition is out at a time: a member is
 * given no more of a partition before it has committed what it was given.
 */
export interface Consumer {
  /**
   * The next messages of one partition after its position, at least one and at most the limits (one
   * message is delivered even where it alone is over `maxBytes`); null when none came in time, the
   * signal was aborted or the consumer stopped. After a restart or a change of owner, a cut that was
   * begun and not committed comes first, whole, whatever the limits. A partition that was taken from
   * the member while a delivery was out may come again: what is out of it is lost then (BUS_CUT_LOST).
   */
  receive(limits: ReceiveLimits): Promise<Delivery | null>;
  /**
   * Writes the cut down, durably; called before its rows are inserted. Throws a Fault BUS_CUT_LOST
   * where the partition has gone to another member: the delivery is then the other's to store.
   */
  begin(delivery: Delivery): Promise<void>;
  /**
   * Moves the group's position behind the cut, durably; called after its rows are inserted. A second
   * commit of the same delivery changes nothing. Throws a Fault BUS_CUT_LOST as `begin` does.
   */
  commit(delivery: Delivery): Promise<void>;
  /** Messages that retention deleted before this member was given them, since it joined. */
  missed(): number;
  /** What the group has not committed yet, a row a partition. */
  lag(): Promise<readonly PartitionLag[]>;
  /** Ends a waiting `receive` with null and leaves what is not committed to the group's next member. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  readonly topic: string;
  readonly group: string;
  readonly folded?: boolean;
  /** Memory for values, which who takes them may use again; a bus that cannot fill it gives memory of its own. */
  readonly allocate?: (bytes: number) => Uint8Array;
}

export interface FollowOptions {
  readonly topic: string;
  /** The group whose members share the topic out: it is read on from where that stands, or from the oldest message. */
  readonly behind: string;
  /** Given each message in the order of its partition; one may come twice. It must not throw. */
  readonly take: (message: Message, partition: number) => void;
}

/** Reads all of a topic, beside a group. */
export interface Follower {
  /** Resolves when all that was published before it began was given out, or it was stopped. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

export interface BusUsage {
  /** Bytes of the values that are held. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly messages: number;
}

export interface Bus {
  /** Partitions of each topic, as fixed when the bus was made; messages of one key share one. */
  readonly partitions: number;
  /** Names this bus and no other; a part of every token. */
  readonly busId: string;
  /** Bytes of a message's value, unfolded, at most; a larger one is refused by BUS_MESSAGE_LARGE, and all beside it. */
  readonly maxMessageBytes: number;
  /**
   * Publishes all messages or none, durably when it resolves; order within a key is the order of
   * calls. Throws a Fault BUS_FULL (retryable, nothing was published), BUS_MESSAGE_LARGE or
   * BUS_UNREACHABLE: then a bus behind a network may have published them or not, all or none, and who must
   * not publish twice publishes a position along (TOPICS.positions) and reads it before trying again.
   * The values are the caller's again once it resolves or rejects.
   */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** The last message of every key of a compacted topic, or of those keys alone that begin with `prefix`. */
  latest(topic: string, prefix?: string): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * Joins a consumer group of a topic. A new group begins with the oldest message that is held;
   * messages committed by every group that ever joined are deleted in time. `folded`: values that the bus
   * keeps folded are given as they are, for who hands them on.
   */
  consumer(options: ConsumerOptions): Promise<Consumer>;
  /**
   * Follows a topic, for members of a group that must know what the others are given as well. It commits nothing
   * and keeps nothing from being deleted. Null where a group has one member at a time, who is given all.
   */
  follow(options: FollowOptions): Promise<Follower | null>;
  /** What it holds of what it may hold; null where the bus has no bound of its own. */
  usage(): Promise<BusUsage | null>;
  /** Finishes what was accepted and closes. */
  stop(): Promise<void>;
}
