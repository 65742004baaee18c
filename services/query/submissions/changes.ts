import { randomUUID } from "node:crypto";
import { encodeSubmissions } from "@v6meter/batch";
import { Fault, type SubmissionEvent, type SubmissionKey, submissionId } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { submissionChangesQuery } from "../queries/submissions.ts";

/** A change as it is wanted; number, time and mark are given to it when it is stored. */
export type WantedChange = Omit<SubmissionEvent, "change" | "event" | "at_ms">;

/** The changes of submissions, in the store and nowhere else. */
export interface Changes {
  /** All changes of a submission, in order; none of one that is not there. */
  of(key: SubmissionKey): Promise<readonly SubmissionEvent[]>;
  /**
   * Stores a change behind the last one that was read. Throws SUBMISSION_CONFLICT where another is there by now, and
   * STORE_UNREACHABLE where it cannot be told.
   */
  append(last: SubmissionEvent | undefined, wanted: WantedChange): Promise<SubmissionEvent>;
}

/** How often, and how far apart, a change is looked for that another replica may have. */
const READ_BACK_TIMES = 25;
const READ_BACK_PAUSE_MS = 200;

/**
 * Changes over a store. Nobody overwrites another: a change has the number after the one its maker has read, and the
 * number is the token of the insert, of which the engine takes one. Who finds another's change under it has lost. That
 * holds over several processes, and over replicas, whose tokens are in Keeper.
 */
export function openChanges(store: Store): Changes {
  const of = (key: SubmissionKey) =>
    store.query(submissionChangesQuery, { series: key.series, month: key.month, unit: key.unit });
  return {
    of,
    async append(last, wanted) {
      const id = submissionId(wanted);
      const change = (last?.change ?? 0) + 1;
      const event: SubmissionEvent = { ...wanted, change, event: randomUUID(), at_ms: Date.now() };
      await store.insert({
        table: "submissions",
        arrow: encodeSubmissions([event]),
        rows: 1,
        token: `submission ${id} ${change}`,
      });
      for (let i = 0; i < READ_BACK_TIMES; i++) {
        const stored = (await of(wanted)).find((it) => it.change === change);
        if (stored?.event === event.event) return stored;
        if (stored !== undefined)
          throw new Fault("SUBMISSION_CONFLICT", `${id}: ${stored.actor} was faster; it is ${stored.state} now.`);
        await new Promise((resolve) => setTimeout(resolve, READ_BACK_PAUSE_MS));
      }
      throw new Fault("STORE_UNREACHABLE", `${id}: change ${change} cannot be read back from the store.`);
    },
  };
}
