import { TOPICS } from "@v6meter/schemas";

/** True for a topic that keeps only the last message of each key. */
export function isCompacted(topic: string): boolean {
  return Object.values(TOPICS).some(({ name, compacted }) => compacted && name === topic);
}
