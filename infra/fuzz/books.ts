import { DROP_REASONS, type DropReason, type LedgerDelta, type LedgerStage } from "@v6meter/schemas";

interface Account {
  received: number;
  forwarded: number;
  held: number;
  dropped: number;
}

/** The books of a run as a reader of the ledger would sum them, and the identities they must keep. */
export class FuzzBooks {
  readonly #accounts = new Map<string, Account>();
  readonly #sums = new Map<string, number>();

  /** Adds changes and says what in them or in the sums after them is wrong. */
  add(deltas: readonly LedgerDelta[]): string[] {
    const faults = deltas.flatMap((delta) => this.#addOne(delta));
    for (const [name, { received, forwarded, held, dropped }] of this.#accounts) {
      if (received !== forwarded + held + dropped)
        faults.push(`${name}: ${received} received, ${forwarded} forwarded, ${held} held, ${dropped} dropped`);
      if (held < 0) faults.push(`${name}: ${held} held`);
    }
    return faults;
  }

  /** Units by stage, outcome and reason, over all exporters. */
  get sums(): Record<string, number> {
    return Object.fromEntries([...this.#sums].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #addOne({ exporter, stage, outcome, reason, count }: LedgerDelta): string[] {
    const key = [stage, outcome, reason].filter((part) => part !== "").join(".");
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + count);
    const account = this.#account(exporter, stage);
    if (outcome === "received" || outcome === "forwarded" || outcome === "held" || outcome === "dropped")
      account[outcome] += count;
    if (outcome === "dropped" && DROP_REASONS[reason as DropReason]?.stage !== stage)
      return [`${exporter} ${stage}: "${reason}" is no reason of this stage`];
    // Held is a level; lost is taken back when a late datagram comes after all.
    return count < 0 && outcome !== "held" && outcome !== "lost" ? [`${exporter} ${key}: ${count}`] : [];
  }

  #account(exporter: string, stage: LedgerStage): Account {
    const name = `${exporter} ${stage}`;
    const account = this.#accounts.get(name) ?? { received: 0, forwarded: 0, held: 0, dropped: 0 };
    this.#accounts.set(name, account);
    return account;
  }
}
