import type { DropReason, LedgerDelta } from "@v6meter/schemas";

/** Clients booked by their own address between two publishes; what others send is booked to ::. */
const CLIENTS_MAX = 20_000;
/** Booked under it: sources that are no client, batch files, and what the kernel dropped. */
export const NO_CLIENT = "::";

interface Account {
  forwarded: number;
  readonly dropped: Map<DropReason, number>;
}

/** The books of stage `account` since they were last taken: what was received went on or was dropped. */
export class Tally {
  #accounts = new Map<string, Account>();

  /** Books units that went on, where `reason` is null, or were dropped. */
  book(client: string, reason: DropReason | null, units = 1): void {
    let account = this.#accounts.get(client);
    if (account === undefined && this.#accounts.size >= CLIENTS_MAX) account = this.#accounts.get(NO_CLIENT);
    if (account === undefined) {
      account = { forwarded: 0, dropped: new Map() };
      this.#accounts.set(this.#accounts.size >= CLIENTS_MAX ? NO_CLIENT : client, account);
    }
    if (reason === null) account.forwarded += units;
    else account.dropped.set(reason, (account.dropped.get(reason) ?? 0) + units);
  }

  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  take(): LedgerDelta[] {
    const deltas: LedgerDelta[] = [];
    for (const [exporter, { forwarded, dropped }] of this.#accounts) {
      const add = (outcome: LedgerDelta["outcome"], reason: string, count: number) => {
        if (count > 0) deltas.push({ exporter, stage: "account", outcome, reason, count });
      };
      add("received", "", forwarded + dropped.values().reduce((sum, units) => sum + units, 0));
      add("forwarded", "", forwarded);
      for (const [reason, units] of dropped) add("dropped", reason, units);
    }
    this.#accounts = new Map();
    return deltas;
  }
}
