import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";
import { contentOf } from "../folded.ts";
import type { Consumer, ConsumerOptions, Delivery, Message, PartitionLag, ReceiveLimits } from "../port.ts";
import type { Environment } from "./environment.ts";
import { EMPTY_PARTITION, type Position } from "./records.ts";
import type { Retention } from "./retention.ts";

/** A publisher may be another thread or process, so new messages are looked for. */
const POLL_MS = 20;

interface Membership {
  readonly topic: string;
  readonly group: string;
  readonly folded: boolean;
  readonly allocate: ConsumerOptions["allocate"];
  /** The group's epoch as this member joined; a later member raises it. */
  readonly epoch: number;
}

/** Joins a group: its earlier member loses the partitions, and begins and commits no more. */
export async function joinGroup(
  environment: Environment,
  retention: Retention,
  { topic, group, folded = false, allocate }: ConsumerOptions,
): Promise<Consumer> {
  const { groups, partitions, positions } = environment;
  const epoch = await environment.transact(() => {
    for (let partition = 0; partition < environment.identity.partitions; partition++) {
      if (positions.get([topic, partition, group])) continue;
      const { first } = partitions.get([topic, partition]) ?? EMPTY_PARTITION;
      positions.put([topic, partition, group], { next: first, cut: null });
    }
    const joined = (groups.get([topic, group])?.epoch ?? 0) + 1;
    groups.put([topic, group], { epoch: joined });
    return joined;
  });
  // The last member may have died between a commit and the deletion.
  retention.request(topic);
  return new EmbeddedConsumer(environment, retention, { topic, group, folded, allocate, epoch });
}

class EmbeddedConsumer implements Consumer {
  readonly #environment: Environment;
  readonly #retention: Retention;
  readonly #membership: Membership;
  /** Partitions whose delivery is not committed yet. */
  readonly #out = new Set<number>();
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** Partition to look at first, so that a busy one does not starve the others. */
  #turn = 0;
  #missed = 0;

  constructor(environment: Environment, retention: Retention, membership: Membership) {
    this.#environment = environment;
    this.#retention = retention;
    this.#membership = membership;
  }

  async receive(limits: ReceiveLimits): Promise<Delivery | null> {
    const own = this.#stopping.signal;
    const signal = limits.signal ? AbortSignal.any([own, limits.signal]) : own;
    const deadline = performance.now() + limits.waitMs;
    for (;;) {
      if (signal.aborted) return null;
      const delivery = this.#environment.read(() => this.#next(limits));
      if (delivery) return delivery;
      const left = deadline - performance.now();
      if (left <= 0) return null;
      await sleep(Math.min(left, POLL_MS), undefined, { signal }).catch(() => {});
    }
  }

  #next(limits: ReceiveLimits): Delivery | null {
    const environment = this.#environment;
    const { topic } = this.#membership;
    if (!this.#owns()) return null;
    const { partitions: count } = environment.identity;
    const free = Array.from({ length: count }, (_, i) => (this.#turn + i) % count).filter((p) => !this.#out.has(p));
    for (const partition of free) {
      const { cut } = this.#position(partition);
      if (cut) return this.#deliver(partition, this.#read(partition, ...cut), true);
    }
    for (const partition of free) {
      const { first, end } = environment.partitions.get([topic, partition]) ?? EMPTY_PARTITION;
      // Of a topic that keeps so many bytes, the oldest may be gone unread.
      const { next: position } = this.#position(partition);
      const next = Math.max(first, position);
      this.#missed += next - position;
      if (next < end) return this.#deliver(partition, this.#read(partition, next, end - 1, limits), false);
    }
    return null;
  }

  #deliver(partition: number, messages: readonly Message[], repeated: boolean): Delivery {
    const firstOffset = (messages[0] as Message).offset;
    const lastOffset = (messages.at(-1) as Message).offset;
    const { busId } = this.#environment.identity;
    const token = `${busId}:${this.#membership.topic}:${partition}:${firstOffset}-${lastOffset}`;
    this.#out.add(partition);
    this.#turn = (partition + 1) % this.#environment.identity.partitions;
    return { partition, firstOffset, lastOffset, messages, token, repeated };
  }

  /** The messages from `first` to `last`, or as many of them as the limits allow and at least one. */
  #read(partition: number, first: number, last: number, limits?: ReceiveLimits): Message[] {
    const { path, heads, values } = this.#environment;
    const { topic, folded, allocate = Buffer.allocUnsafeSlow } = this.#membership;
    const messages: Message[] = [];
    let bytes = 0;
    for (let offset = first; offset <= last; offset++) {
      const head = heads.get([topic, partition, offset]);
      if (limits && head && messages.length > 0) {
        if (messages.length >= limits.maxMessages || bytes + head.size > limits.maxBytes) break;
      }
      const found = head && values.getBinaryFast([topic, partition, offset]);
      if (!found || found.length !== head.size)
        throw new Fault(
          "BUS_INVALID",
          `The bus in ${path} is damaged: message ${offset} of ${topic}/${partition} is missing.`,
        );
      // What was found stands in memory that the next look uses again.
      const value = allocate(head.size);
      value.set(found.subarray(0, head.size));
      const { key, publishedAtMs, headers = {}, contentBytes } = head;
      const kept = { offset, key, publishedAtMs, value, headers, ...(contentBytes !== undefined && { contentBytes }) };
      messages.push(folded ? kept : { offset, key, publishedAtMs, value: contentOf(kept), headers });
      bytes += head.size;
    }
    return messages;
  }

  #owns(): boolean {
    const { topic, group, epoch } = this.#membership;
    return this.#environment.groups.get([topic, group])?.epoch === epoch;
  }

  #position(partition: number): Position {
    const { topic, group } = this.#membership;
    return this.#environment.positions.get([topic, partition, group]) as Position;
  }

  begin(delivery: Delivery): Promise<void> {
    return this.#move(delivery, ({ next }) => ({ next, cut: [delivery.firstOffset, delivery.lastOffset] }));
  }

  async commit(delivery: Delivery): Promise<void> {
    await this.#move(delivery, () => ({ next: delivery.lastOffset + 1, cut: null }));
    this.#out.delete(delivery.partition);
    this.#retention.request(this.#membership.topic);
  }

  /** Changes the group's position in the delivery's partition, where the delivery is still this member's. */
  #move(delivery: Delivery, to: (position: Position) => Position): Promise<void> {
    const { topic, group } = this.#membership;
    const { partition, firstOffset, lastOffset } = delivery;
    const moved = this.#environment.transact(() => {
      if (!this.#owns())
        throw new Fault(
          "BUS_CUT_LOST",
          `Another member has joined group ${group} of ${topic} and taken its partitions.`,
        );
      const position = this.#position(partition);
      if (position.next === lastOffset + 1) return;
      const cutDiffers = position.cut && (position.cut[0] !== firstOffset || position.cut[1] !== lastOffset);
      if (position.next > firstOffset || cutDiffers)
        throw new Fault("BUS_CUT_LOST", `The cut ${delivery.token} is not the next of group ${group}.`);
      this.#environment.positions.put([topic, partition, group], to(position));
    });
    this.#underWay.add(moved);
    return moved.finally(() => this.#underWay.delete(moved));
  }

  missed(): number {
    return this.#missed;
  }

  async lag(): Promise<readonly PartitionLag[]> {
    const environment = this.#environment;
    const { topic } = this.#membership;
    return environment.read(() =>
      Array.from({ length: environment.identity.partitions }, (_, partition) => {
        const { first, end, bytes } = environment.partitions.get([topic, partition]) ?? EMPTY_PARTITION;
        const next = Math.max(first, this.#position(partition).next);
        const before = next < end ? (environment.heads.get([topic, partition, next])?.before ?? bytes) : bytes;
        return { partition, committedOffset: next, endOffset: end, messages: end - next, bytes: bytes - before };
      }),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#underWay);
  }
}
