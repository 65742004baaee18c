import { setTimeout as sleep } from "node:timers/promises";
import { readUdpSockets } from "./udp-table.ts";

/** A quarter of the smallest default receive buffer in use (Linux: 212,992 bytes). */
const BACKLOG_LIMIT_BYTES = 53_248;
/** A receiver that takes in nothing for so long is stuck: who sends goes on, and the kernel counts what it drops. */
const PATIENCE_MS = 2_000;

/**
 * Bytes that wait in the kernel for who listens on a local UDP port (the fullest socket where several
 * do). Null where nobody does or the system does not tell.
 */
export function receiverBacklogBytes(port: number): number | null {
  let backlog: number | null = null;
  for (const { local, connected, unreadBytes } of readUdpSockets() ?? []) {
    // A listener has no peer; sockets that send from the same port have one.
    if (local.port === port && !connected) backlog = Math.max(backlog ?? 0, unreadBytes);
  }
  return backlog;
}

/** Resolves when who listens on a local UDP port has room for more, so that the kernel drops nothing. */
export async function receiverHasRoom(port: number, signal?: AbortSignal): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while ((receiverBacklogBytes(port) ?? 0) > BACKLOG_LIMIT_BYTES) {
    if (signal?.aborted || performance.now() > giveUpAt) return;
    await sleep(1);
  }
}
