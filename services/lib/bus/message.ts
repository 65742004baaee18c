import { Fault, TOPICS } from "@v6meter/schemas";
import { isPlainFrame } from "./folded.ts";
import type { Bus, OutgoingMessage } from "./port.ts";
import { isCompacted } from "./topics.ts";

const NAMES: ReadonlySet<string> = new Set(Object.values(TOPICS).map(({ name }) => name));

/** Throws BUS_MESSAGE_LARGE for a value over the bus's limit, a TypeError for what is a mistake of the program. */
export function checkMessage(
  { topic, value, partition, contentBytes }: OutgoingMessage,
  { partitions, maxMessageBytes }: Pick<Bus, "partitions" | "maxMessageBytes">,
): void {
  if (!NAMES.has(topic)) throw new TypeError(`there is no topic ${topic}`);
  if (value === null && !isCompacted(topic))
    throw new TypeError(`a message of ${topic} needs a value: only a compacted topic forgets keys`);
  if (partition !== undefined && (isCompacted(topic) || !Number.isInteger(partition) || !(partition < partitions)))
    throw new TypeError(`a message of ${topic} cannot go to partition ${partition} of ${partitions}`);
  if (contentBytes !== undefined && (isCompacted(topic) || !value || !isPlainFrame(value)))
    throw new TypeError(
      `a folded message of ${topic} is one zstd frame without checksum and dictionary, of no compacted topic`,
    );
  const bytes = contentBytes ?? value?.length ?? 0;
  if (bytes > maxMessageBytes)
    throw new Fault("BUS_MESSAGE_LARGE", `A message of ${topic} has ${bytes} bytes; allowed are ${maxMessageBytes}.`);
}
