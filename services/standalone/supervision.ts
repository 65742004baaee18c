import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";

const RETRY_MS = 1_000;

/** Where parts that end unasked are told. */
export interface Supervision {
  /** Rejects at the first part that ended unasked. */
  readonly failed: Promise<never>;
  /** What a part calls when it ends unasked. */
  ended(part: string): (cause: Error) => void;
}

/** Watches over the parts of a process. */
export function supervise(): Supervision {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  return {
    failed: failed.promise,
    ended: (part) => (cause) =>
      failed.reject(new Fault("INTERNAL", `the ${part} has ended: ${cause.message}`, { cause })),
  };
}

/**
 * Does something that needs another server until it succeeds: faults that pass are waited for, all others
 * are thrown, and so is the reason of the signal where it comes first.
 */
export async function untilReached<T>(
  what: string,
  open: () => Promise<T>,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<T> {
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof Fault && error.retry)) throw error;
      if (!told) logger.warn({ code: error.code }, `${what} does not answer yet: ${error.message} Trying again.`);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
