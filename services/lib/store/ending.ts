import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";

const END_AGAIN_MS = 500;

/**
 * Runs a task that is to end when a signal is aborted: `end` is asked then, again and again, as what is only about
 * to start is not found yet. Throws QUERY_REFUSED without starting where the signal is aborted already.
 */
export async function endingWith<T>(
  signal: AbortSignal | undefined,
  end: () => Promise<void>,
  task: () => Promise<T>,
): Promise<T> {
  if (!signal) return task();
  if (signal.aborted) throw new Fault("QUERY_REFUSED", "The client went away before the statement ran.");
  let runs = true;
  const onAbort = async () => {
    while (runs) {
      // One that fails is asked again.
      await end().catch(() => undefined);
      await sleep(END_AGAIN_MS);
    }
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await task();
  } finally {
    runs = false;
    signal.removeEventListener("abort", onAbort);
  }
}
