import { TOPICS } from "@v6meter/schemas";

/** Bytes a partition of the topic keeps at most, or null where only what was read goes. */
export function retainBytes(topic: string): number | null {
  return Object.values(TOPICS).find(({ name }) => name === topic)?.retain_bytes ?? null;
}

/** True for a topic that keeps only the last message of each key. */
export function isCompacted(topic: string): boolean {
  return Object.values(TOPICS).some(({ name, compacted }) => compacted && name === topic);
}
