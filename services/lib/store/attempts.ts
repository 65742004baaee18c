import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "@v6meter/schemas";

const ATTEMPTS = 5;
const RETRY_MS = 200;

/** Tries an insert until it is acknowledged, refused or has failed too often; each time the same token and rows. */
export async function untilAcknowledged(attempt: () => Promise<void>, faultOf: (error: unknown) => Fault) {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      const fault = faultOf(error);
      if (!fault.retry || tried === ATTEMPTS) throw fault;
      await sleep(RETRY_MS * tried);
    }
  }
}
