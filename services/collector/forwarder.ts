import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, Consumer, Delivery, OutgoingMessage, PartitionLag } from "@v6meter/bus";
import type { Component, Logger } from "@v6meter/runtime";
import { Fault, TOPICS } from "@v6meter/schemas";
import { halves } from "./forwarder-halves.ts";
import { ForwardedPositions, type Spooled } from "./forwarder-positions.ts";
import { MessageMemory } from "./message-memory.ts";

const FORWARDER_GROUP = "forwarder";

/** Of one publish, over all partitions: a transaction is worth making, and its memory is bounded. */
const PUBLISH_MAX_BYTES = 8_388_608;
const PUBLISH_MAX_MESSAGES = 1_024;
const RECEIVE_WAIT_MS = 250;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;
/** At a stop the spool is forwarded for at most so long; the rest stays in it. */
const DRAIN_MAX_MS = 10_000;

export interface ForwarderOptions {
  /** The collector's own bus, on its disk. */
  readonly spool: Bus;
  /** Where its messages go: of as many partitions as the spool. */
  readonly bus: Bus;
  readonly logger: Logger;
  /** Called when it ends without having been asked to: nothing more is forwarded. */
  readonly onExit: (error: Error) => void;
}

/** What a forwarder did since its start, for metrics. */
export interface ForwarderCounts {
  publishes: number;
  messages: number;
  bytes: number;
  /** Tries after the bus did not answer or took nothing. */
  retries: number;
  /** Messages that a position told to be published, by an earlier process or by a publish of unknown outcome. */
  positionsSkipped: number;
  /** Messages larger than the bus takes, which were published in parts. */
  dividedMessages: number;
  /** Messages no publish can carry: too large, and unreadable or of one row. */
  droppedMessages: number;
  droppedBytes: number;
}

export interface Forwarder extends Component {
  counts(): ForwarderCounts;
  /** What of the spool is not forwarded yet. */
  lag(): Promise<readonly PartitionLag[]>;
  /** Why the bus or the spool does not serve; null while they do. */
  trouble(): string | null;
}

/**
 * Spool to bus, each message once. A publish carries the messages and, in the same transaction, how far it
 * goes in each partition of the spool; only then is the spool's position moved. Who comes after a crash,
 * and this one after a publish of unknown outcome, reads from the bus what is published and leaves it out.
 */
export function createForwarder({ spool, bus, logger, onExit }: ForwarderOptions): Forwarder {
  const positions = new ForwardedPositions(bus, spool.busId);
  const memory = new MessageMemory();
  const counts: ForwarderCounts = {
    publishes: 0,
    messages: 0,
    bytes: 0,
    retries: 0,
    positionsSkipped: 0,
    dividedMessages: 0,
    droppedMessages: 0,
    droppedBytes: 0,
  };
  const stopping = new AbortController();
  let consumer: Consumer | undefined;
  let running = Promise.resolve();
  let stopBy = Number.POSITIVE_INFINITY;
  let retryMs = RETRY_MIN_MS;
  let failed: Error | null = null;
  let trouble: string | null = null;

  /** Waits before the next try, longer each time. Throws the error where a try would not help or the stop does not wait. */
  async function waitAfter(error: unknown): Promise<void> {
    const passes = error instanceof Fault && error.retry && error.code !== "BUS_CUT_LOST";
    if (!passes || Date.now() >= stopBy) throw error;
    if (trouble === null) logger.warn({ code: error.code }, `forwarding waits, the spool keeps all: ${error.message}`);
    trouble = error.message;
    counts.retries++;
    const waitMs = Math.min(retryMs, Math.max(1, stopBy - Date.now()));
    const signal = stopping.signal.aborted ? undefined : stopping.signal;
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  }

  function troubleIsOver(): void {
    if (trouble !== null) logger.info("forwarding goes on");
    trouble = null;
    retryMs = RETRY_MIN_MS;
  }

  async function untilDone<T>(step: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        await waitAfter(error);
      }
    }
  }

  /** What a bus that was there before the spool says of it must be true of this spool. */
  async function checkPositions(): Promise<void> {
    for (const { partition, endOffset } of await (consumer as Consumer).lag()) {
      const published = positions.of(partition);
      if (published < endOffset) continue;
      throw new Fault(
        "BUS_INVALID",
        `The spool ${spool.busId} ends at offset ${endOffset} of partition ${partition}, but offset ${published} of it is ` +
          "published: it is an older copy of itself, and what is new in it would be taken for published; allowed is an empty folder.",
      );
    }
  }

  /** Messages of as many partitions as have some, up to the limits; none where none came in time. */
  async function gather(): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    let maxBytes = PUBLISH_MAX_BYTES;
    let maxMessages = PUBLISH_MAX_MESSAGES;
    while (maxBytes > 0 && maxMessages > 0) {
      const waits = deliveries.length === 0 && !stopping.signal.aborted;
      const limits = { maxBytes, maxMessages, waitMs: waits ? RECEIVE_WAIT_MS : 0 };
      const signal = waits ? { signal: stopping.signal } : {};
      const delivery = await untilDone(() => (consumer as Consumer).receive({ ...limits, ...signal }));
      if (!delivery) break;
      deliveries.push(delivery);
      maxMessages -= delivery.messages.length;
      for (const { value } of delivery.messages) maxBytes -= value.byteLength;
    }
    return deliveries;
  }

  function drop({ partition, message }: Spooled, error: Fault): void {
    const { offset, value } = message;
    counts.droppedMessages++;
    counts.droppedBytes += value.byteLength;
    logger.error(
      { err: error, partition, offset, bytes: value.byteLength },
      "a message can never be forwarded: dropped",
    );
  }

  /** The message in twice as many parts; null where they cannot be smaller. */
  function divided(one: Spooled): Spooled | null {
    const parts = one.values.map(halves);
    if (!parts.every((it) => it !== null)) return null;
    if (one.values.length === 1) counts.dividedMessages++;
    return { ...one, values: parts.flat().map((value) => ({ value })) };
  }

  /** Publishes all of it once; resolves when it is on the bus or can never be. */
  async function forward(spooled: readonly Spooled[]): Promise<void> {
    for (let left = spooled; ; await untilDone(() => positions.read())) {
      const before = left.length;
      left = left.filter((one) => !positions.isPublished(one));
      counts.positionsSkipped += before - left.length;
      if (left.length === 0) return;
      try {
        await publish(left);
        return;
      } catch (error) {
        if (!(error instanceof Fault && error.code === "BUS_MESSAGE_LARGE")) await waitAfter(error);
        else if (left.length > 1) return forwardSingly(left);
        else {
          const smaller = divided(left[0] as Spooled);
          if (!smaller) return drop(left[0] as Spooled, error);
          left = [smaller];
        }
      }
    }
  }

  async function forwardSingly(spooled: readonly Spooled[]): Promise<void> {
    for (const one of spooled) await forward([one]);
  }

  async function publish(spooled: readonly Spooled[]): Promise<void> {
    const messages: OutgoingMessage[] = spooled.flatMap(({ partition, values, message: { key, headers } }) =>
      values.map(({ value, contentBytes }) => {
        const folded = contentBytes !== undefined && { contentBytes };
        return { topic: TOPICS.flows.name, key, value, partition, headers, ...folded };
      }),
    );
    await bus.publish([...messages, ...positions.behind(spooled)]);
    positions.advance(spooled);
    counts.publishes++;
    counts.messages += spooled.length;
    for (const { message } of spooled) counts.bytes += message.value.byteLength;
  }

  async function run(): Promise<void> {
    await untilDone(() => positions.read());
    await untilDone(checkPositions);
    troubleIsOver();
    while (Date.now() < stopBy) {
      // A wait that the stop ended has seen nothing: the spool is looked at once more.
      const last = stopping.signal.aborted;
      const deliveries = await gather();
      const retriesBefore = counts.retries;
      if (deliveries.length === 0 && last) return;
      await forward(
        deliveries.flatMap(({ partition, messages }) =>
          messages.map((message) => ({ partition, message, values: [message] })),
        ),
      );
      for (const delivery of deliveries) await untilDone(() => (consumer as Consumer).commit(delivery));
      // After a try that failed, a socket that is being closed may still hold them.
      if (counts.retries === retriesBefore)
        for (const { messages } of deliveries) for (const { value } of messages) memory.give(value);
      troubleIsOver();
    }
  }

  async function end(error: unknown): Promise<void> {
    if (stopping.signal.aborted && error instanceof Fault && error.retry) {
      logger.warn({ code: error.code }, `the rest stays in the spool: ${error.message}`);
      return;
    }
    failed = error instanceof Error ? error : new Fault("INTERNAL", String(error));
    if (!stopping.signal.aborted) onExit(failed);
  }

  return {
    name: "forwarder",
    counts: () => counts,
    trouble: () => trouble,
    lag: async () => (consumer ? consumer.lag() : []),
    async start() {
      if (bus.partitions !== spool.partitions)
        throw new Fault(
          "BUS_INVALID",
          `The spool has ${spool.partitions} partitions and ${TOPICS.flows.name} of bus ${bus.busId} has ${bus.partitions}; ` +
            "allowed is the same number (bus.partitions, fixed when either is made).",
        );
      consumer = await spool.consumer({
        topic: TOPICS.flows.name,
        group: FORWARDER_GROUP,
        folded: true,
        allocate: (bytes) => memory.take(bytes),
      });
      running = run().catch(end);
    },
    async stop() {
      // A bus that does not take anything now is not waited for: the spool keeps the rest.
      stopBy = Date.now() + (trouble === null ? DRAIN_MAX_MS : 0);
      stopping.abort();
      await running;
      await consumer?.stop();
      if (failed) throw failed;
    },
  };
}
