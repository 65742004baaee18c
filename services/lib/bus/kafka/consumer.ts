import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";
import type { Admin, EachBatchPayload, Kafka, Consumer as KafkaConsumer, KafkaMessage } from "kafkajs";
import type { Consumer, Delivery, Message, PartitionLag, ReceiveLimits } from "../port.ts";
import type { KafkaLog } from "./client.ts";
import { isFenced, kafkaFault } from "./kafka-fault.ts";
import { offsetsOf } from "./latest.ts";
import { type CutRange, PartitionBuffer } from "./partition-buffer.ts";

/** Fetched messages of a partition that wait to be delivered; beyond it nothing more is fetched. */
const BUFFER_MAX_BYTES = 33_554_432;
const FETCH_MAX_BYTES = 8_388_608;
const FETCH_WAIT_MS = 250;
const HEARTBEAT_MS = 1_000;
const RETRY_MS = 1_000;
const JOIN_WITHIN_MS = 60_000;

export interface MembershipOptions {
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** Topic and group with their prefix, as Kafka knows them. */
  readonly topic: string;
  readonly group: string;
  /** Names the bus in tokens. */
  readonly busId: string;
  readonly sessionTimeoutMs: number;
  readonly log: KafkaLog | null;
}

/** What a partition's commits go through: one try, under the generation that fetched it. */
type Commit = EachBatchPayload["commitOffsetsIfNecessary"];

/** The partitions this member has from one rebalance to the next. */
interface Generation {
  readonly buffers: ReadonlyMap<number, PartitionBuffer>;
  /** Of the runner that fetched in this generation; it never sends under a later one unseen. */
  commit: Commit | null;
}

const NONE: Generation = { buffers: new Map(), commit: null };

/** A message as the bus tells it. */
export function toMessage({ offset, key, value, timestamp, headers }: KafkaMessage): Message {
  const texts = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]);
  return {
    offset: Number(offset),
    key: key?.toString() ?? "",
    value: value ?? Buffer.alloc(0),
    publishedAtMs: Number(timestamp),
    headers: Object.fromEntries(texts),
  };
}

function readCut(metadata: string | null | undefined): CutRange | null {
  if (!metadata) return null;
  const { cut } = JSON.parse(metadata) as { cut?: [number, number] };
  return cut ?? null;
}

/**
 * One member of a Kafka consumer group. A cut is written down as the metadata of a commit that does not
 * move the offset; Kafka refuses commits of a generation that is over, and a delivery belongs to the
 * generation it was fetched in, so no member that lost a partition moves it.
 */
export class KafkaMember implements Consumer {
  readonly #options: MembershipOptions;
  readonly #deliveries = new WeakMap<Delivery, { generation: Generation; committed: boolean }>();
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #joined = Promise.withResolvers<void>();
  #consumer: KafkaConsumer | null = null;
  #generation: Generation = NONE;
  #waiters: (() => void)[] = [];
  #turn = 0;
  #missed = 0;

  private constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Joins the group. Throws BUS_UNREACHABLE where that does not succeed in time. */
  static async join(options: MembershipOptions): Promise<KafkaMember> {
    const member = new KafkaMember(options);
    try {
      await member.#run();
      const late = sleep(JOIN_WITHIN_MS, undefined, { ref: false }).then(() => {
        throw new Fault("BUS_UNREACHABLE", `The group ${options.group} cannot be joined.`);
      });
      await Promise.race([member.#joined.promise, late]);
      return member;
    } catch (error) {
      await member.stop();
      throw kafkaFault(`The group ${options.group} cannot be joined`, error);
    }
  }

  async #run(): Promise<void> {
    const { kafka, topic, group, sessionTimeoutMs } = this.#options;
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs * 2,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: FETCH_MAX_BYTES,
      maxBytes: FETCH_MAX_BYTES * 4,
      retry: { retries: 4, initialRetryTime: 200, maxRetryTime: 2_000, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    const current = (handle: () => void) => () => {
      if (this.#consumer === consumer) handle();
    };
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      current(() => this.#assign(payload.memberAssignment[topic] ?? []))(),
    );
    consumer.on(
      consumer.events.REBALANCING,
      current(() => this.#forget()),
    );
    consumer.on(
      consumer.events.DISCONNECT,
      current(() => this.#forget()),
    );
    consumer.on(consumer.events.CRASH, ({ payload }) =>
      current(() => {
        this.#forget();
        this.#options.log?.debug({ err: payload.error, group }, "the consumer has crashed and begins anew");
        void this.#again(consumer);
      })(),
    );
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    if (!this.#stopping.signal.aborted)
      await consumer.run({ autoCommit: false, eachBatch: async (payload) => this.#fetched(payload) });
    // Stopped meanwhile: nobody else would end it.
    if (this.#stopping.signal.aborted) await consumer.disconnect();
  }

  /** After a crash a consumer of our own making, until the brokers are back. */
  async #again(crashed: KafkaConsumer): Promise<void> {
    let failed: KafkaConsumer | null = crashed;
    while (!this.#stopping.signal.aborted) {
      this.#consumer = null;
      await failed?.disconnect().catch(() => {});
      await sleep(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      try {
        await this.#run();
        return;
      } catch {
        failed = this.#consumer;
      }
    }
  }

  /** Deliveries that are out are another generation's from now on. */
  #forget(): void {
    this.#generation = NONE;
  }

  #assign(partitions: readonly number[]): void {
    const buffers = new Map(partitions.map((partition) => [partition, new PartitionBuffer(partition)]));
    const generation: Generation = { buffers, commit: null };
    this.#generation = generation;
    this.#consumer?.resume([{ topic: this.#options.topic, partitions: [...partitions] }]);
    void this.#readCuts(generation);
    this.#joined.resolve();
  }

  /** What the group has written down for the partitions: where they begin, and a cut that was begun. */
  async #readCuts(generation: Generation): Promise<void> {
    const { admin, group, topic } = this.#options;
    while (this.#generation === generation && !this.#stopping.signal.aborted) {
      try {
        const [[offsets], bounds] = await Promise.all([
          admin.fetchOffsets({ groupId: group, topics: [topic] }),
          admin.fetchTopicOffsets(topic),
        ]);
        if (this.#generation !== generation) return;
        const oldest = new Map(bounds.map(({ partition, low }) => [partition, Number(low)]));
        for (const { partition, offset, metadata } of offsets?.partitions ?? []) {
          const buffer = generation.buffers.get(partition);
          if (!buffer) continue;
          buffer.cut = readCut(metadata);
          buffer.next = Number(offset) >= 0 ? Number(offset) : (oldest.get(partition) ?? 0);
          this.#seek(buffer);
        }
        return;
      } catch (error) {
        this.#options.log?.debug({ err: error, group }, "the group's offsets cannot be read; trying again");
        await sleep(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  /** Retention deleted messages before the group read them: that is told, where offsets are not only a transaction's end. */
  async #tellGone(partition: number, from: number): Promise<void> {
    const { admin, group, topic, log } = this.#options;
    try {
      const bounds = await admin.fetchTopicOffsets(topic);
      const messages = Number(bounds.find((bound) => bound.partition === partition)?.low ?? 0) - from;
      if (messages <= 0) return;
      this.#missed += messages;
      log?.warn({ group, topic, partition, messages }, "retention deleted messages that were not read");
    } catch (error) {
      log?.debug({ err: error, group }, "whether messages were deleted cannot be read");
    }
  }

  #seek(buffer: PartitionBuffer): void {
    this.#consumer?.seek({
      topic: this.#options.topic,
      partition: buffer.partition,
      offset: String(buffer.next),
    });
  }

  #fetched({ batch, commitOffsetsIfNecessary, pause }: EachBatchPayload): void {
    const generation = this.#generation;
    const buffer = generation.buffers.get(batch.partition);
    if (!buffer || buffer.next === null) return;
    // Not in kafkajs's types: the offset that was asked for.
    const { fetchedOffset } = batch as unknown as { fetchedOffset: string };
    if (!buffer.follows(Number(fetchedOffset))) {
      buffer.sought = true;
      this.#seek(buffer);
      return;
    }
    if (buffer.sought) void this.#tellGone(buffer.partition, buffer.next);
    buffer.sought = false;
    buffer.next = Number(batch.lastOffset()) + 1;
    generation.commit = commitOffsetsIfNecessary;
    for (const message of batch.messages) buffer.put(toMessage(message));
    if (buffer.bytes >= BUFFER_MAX_BYTES && !buffer.isIncomplete) {
      buffer.paused = true;
      pause();
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  async receive(limits: ReceiveLimits): Promise<Delivery | null> {
    const own = this.#stopping.signal;
    const signal = limits.signal ? AbortSignal.any([own, limits.signal]) : own;
    const deadline = performance.now() + limits.waitMs;
    for (;;) {
      if (signal.aborted) return null;
      const delivery = this.#next(limits);
      if (delivery) return delivery;
      const left = deadline - performance.now();
      if (left <= 0) return null;
      await this.#woken(left, signal);
    }
  }

  #woken(maxMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.#waiters = this.#waiters.filter((waiter) => waiter !== end);
        resolve();
      };
      const timer = setTimeout(end, maxMs);
      signal.addEventListener("abort", end);
      this.#waiters.push(end);
    });
  }

  #next(limits: ReceiveLimits): Delivery | null {
    const generation = this.#generation;
    const buffers = [...generation.buffers.values()];
    for (let i = 0; i < buffers.length; i++) {
      const buffer = buffers[(this.#turn + i) % buffers.length] as PartitionBuffer;
      const taken = buffer.take(limits);
      if (!taken) continue;
      this.#turn = (this.#turn + i + 1) % buffers.length;
      buffer.out = true;
      this.#resume(buffer);
      const delivery = this.#deliver(buffer.partition, taken.messages, taken.repeated);
      this.#deliveries.set(delivery, { generation, committed: false });
      return delivery;
    }
    return null;
  }

  #resume(buffer: PartitionBuffer): void {
    if (!buffer.paused || buffer.bytes > BUFFER_MAX_BYTES / 2) return;
    buffer.paused = false;
    this.#consumer?.resume([{ topic: this.#options.topic, partitions: [buffer.partition] }]);
  }

  /** The token holds the first message's time as well: a topic that was deleted and made again repeats none. */
  #deliver(partition: number, messages: readonly Message[], repeated: boolean): Delivery {
    const first = messages[0] as Message;
    const last = messages.at(-1) as Message;
    const { busId, topic } = this.#options;
    const token = `${busId}:${topic}:${partition}:${first.offset}-${last.offset}@${first.publishedAtMs}`;
    return { partition, firstOffset: first.offset, lastOffset: last.offset, messages, token, repeated };
  }

  begin(delivery: Delivery): Promise<void> {
    const { firstOffset, lastOffset } = delivery;
    return this.#move(delivery, firstOffset, JSON.stringify({ cut: [firstOffset, lastOffset] }));
  }

  async commit(delivery: Delivery): Promise<void> {
    const known = this.#deliveries.get(delivery);
    if (known?.committed) return;
    await this.#move(delivery, delivery.lastOffset + 1, "");
    if (!known) return;
    known.committed = true;
    const buffer = known.generation.buffers.get(delivery.partition);
    if (buffer) buffer.out = false;
    this.#wake();
  }

  #move(delivery: Delivery, offset: number, metadata: string): Promise<void> {
    const moved = this.#commitNow(delivery, offset, metadata);
    this.#underWay.add(moved);
    return moved.finally(() => this.#underWay.delete(moved));
  }

  async #commitNow(delivery: Delivery, offset: number, metadata: string): Promise<void> {
    const { group, topic } = this.#options;
    const { partition } = delivery;
    const lost = (cause?: unknown) =>
      new Fault("BUS_CUT_LOST", `Partition ${partition} of ${topic} has gone to another member of ${group}.`, {
        cause,
      });
    const known = this.#deliveries.get(delivery);
    // kafkajs begins a generation and tells of it within one turn of the event loop: at the start of a turn
    // both agree, so what is sent now is sent under the generation that is checked.
    await new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        const { commit } = known?.generation ?? NONE;
        if (this.#stopping.signal.aborted || known?.generation !== this.#generation || !commit) return reject(lost());
        const partitions = [{ partition, offset: String(offset), metadata }];
        commit({ topics: [{ topic, partitions }] }).then(resolve, (error: unknown) => {
          reject(
            isFenced(error)
              ? lost(error)
              : kafkaFault(`The offset of ${topic}/${partition} cannot be committed`, error),
          );
        });
      });
    });
  }

  missed(): number {
    return this.#missed;
  }

  async lag(): Promise<readonly PartitionLag[]> {
    const { admin, group, topic } = this.#options;
    try {
      const [[committed], ends] = await Promise.all([
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
        offsetsOf(admin, topic),
      ]);
      const positions = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      return ends
        .map(({ partition, low, high }) => {
          const position = Math.max(Number(low), positions.get(partition) ?? -1);
          const endOffset = Number(high);
          return { partition, committedOffset: position, endOffset, messages: endOffset - position, bytes: null };
        })
        .sort((a, b) => a.partition - b.partition);
    } catch (error) {
      throw kafkaFault(`The lag of ${group} cannot be read`, error);
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    this.#stopping.abort();
    this.#wake();
    const consumer = this.#consumer;
    this.#consumer = null;
    this.#forget();
    await consumer?.disconnect().catch(() => {});
  }
}
