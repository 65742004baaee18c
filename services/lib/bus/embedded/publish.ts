import { Fault } from "@v6meter/schemas";
import { partitionOf } from "../partition.ts";
import type { OutgoingMessage } from "../port.ts";
import { isCompacted, retainBytes } from "../topics.ts";
import { type Environment, HELD } from "./environment.ts";
import { EMPTY_PARTITION, type Partition } from "./records.ts";

/** lmdb's keys hold topic and key; longer ones are an error of the program. */
const KEY_MAX_BYTES = 512;

/** What lmdb holds in one value with ease; no batch comes near. */
export const MESSAGE_MAX_BYTES = 268_435_456;

/** Throws a TypeError for names that lmdb's keys cannot hold: found before anything is written. */
export function checkNames({ topic, key }: OutgoingMessage): void {
  if (Buffer.byteLength(topic) > KEY_MAX_BYTES || Buffer.byteLength(key) > KEY_MAX_BYTES)
    throw new TypeError(`topic and key of a message are at most ${KEY_MAX_BYTES} bytes each`);
  if (topic.includes("\0") || key.includes("\0")) throw new TypeError("topic and key of a message hold no NUL");
}

/** The last message of each key of the compacted topics; earlier ones would be overwritten at once. */
function lastOfEachKey(messages: readonly OutgoingMessage[]): OutgoingMessage[] {
  const last = new Map<string, OutgoingMessage>();
  for (const message of messages) if (isCompacted(message.topic)) last.set(`${message.topic}\0${message.key}`, message);
  return [...last.values()];
}

/** Writes the messages; must run in a transaction. Throws a Fault BUS_FULL before the first write. */
export function writeMessages(environment: Environment, messages: readonly OutgoingMessage[], maxBytes: number): void {
  const { compacted, counters, path } = environment;
  const appended = messages.filter(({ topic }) => !isCompacted(topic));
  const replaced = lastOfEachKey(messages).map((message) => {
    const before = compacted.getBinary([message.topic, message.key]);
    return { ...message, had: before !== undefined, grows: (message.value?.length ?? 0) - (before?.length ?? 0) };
  });
  const held = counters.get(HELD) ?? { bytes: 0, messages: 0 };
  let bytes = 0;
  for (const { value } of appended) bytes += value?.length ?? 0;
  for (const { grows } of replaced) bytes += grows;
  if (bytes > 0 && held.bytes + bytes > maxBytes) {
    const told = `holds ${held.bytes} of at most ${maxBytes} bytes and has no room for ${bytes} more`;
    throw new Fault("BUS_FULL", `The bus in ${path} ${told}.`);
  }

  const dropped = append(environment, appended);
  let count = held.messages + appended.length - dropped.messages;
  for (const { topic, key, value, had } of replaced) {
    if (value) compacted.put([topic, key], value);
    else if (had) compacted.remove([topic, key]);
    count += Number(value !== null) - Number(had);
  }
  counters.put(HELD, { bytes: held.bytes + bytes - dropped.bytes, messages: count });
}

/** Appends the messages; returns what had to go of topics that keep so many bytes. */
function append(environment: Environment, messages: readonly OutgoingMessage[]): { bytes: number; messages: number } {
  const { heads, identity, partitions, values } = environment;
  const publishedAtMs = Date.now();
  const grown = new Map<string, { topic: string; partition: number; record: Partition }>();
  for (const { topic, key, value, headers, contentBytes, partition: to } of messages) {
    const partition = to ?? partitionOf(key, identity.partitions);
    const name = `${partition}/${topic}`;
    const record = grown.get(name)?.record ?? partitions.get([topic, partition]) ?? EMPTY_PARTITION;
    const bytes = value as Uint8Array;
    heads.put([topic, partition, record.end], {
      key,
      publishedAtMs,
      size: bytes.length,
      before: record.bytes,
      ...(headers && { headers }),
      ...(contentBytes !== undefined && { contentBytes }),
    });
    values.put([topic, partition, record.end], bytes);
    const next = { ...record, end: record.end + 1, bytes: record.bytes + bytes.length };
    grown.set(name, { topic, partition, record: next });
  }
  const dropped = { bytes: 0, messages: 0 };
  for (const { topic, partition, record } of grown.values()) {
    let { first } = record;
    for (const keep = retainBytes(topic); keep !== null && first < record.end - 1; first++) {
      const head = heads.get([topic, partition, first]);
      if (!head || record.bytes - head.before <= keep) break;
      heads.remove([topic, partition, first]);
      values.remove([topic, partition, first]);
      dropped.bytes += head.size;
      dropped.messages++;
    }
    partitions.put([topic, partition], { ...record, first });
  }
  return dropped;
}
