import type { BatchBooks, ExporterStatus, LedgerDelta } from "@v6meter/schemas";

function sessionKey({ exporter, version, observation_domain, source_port }: ExporterStatus): string {
  return `${exporter} ${version} ${observation_domain} ${source_port}`;
}

/**
 * Books and state that wait for the publish that carries them. Deltas of one line of the books are added
 * up and of a session the last status is kept, so that a bus that takes nothing for hours costs no memory.
 */
export class CarriedBooks {
  readonly #ledger = new Map<string, LedgerDelta>();
  readonly #exporters = new Map<string, ExporterStatus>();
  readonly #state = new Map<string, Uint8Array | null>();

  addLedger(deltas: Iterable<LedgerDelta>): void {
    for (const delta of deltas) {
      const key = `${delta.exporter} ${delta.stage} ${delta.outcome} ${delta.reason}`;
      const known = this.#ledger.get(key);
      this.#ledger.set(key, known === undefined ? delta : { ...known, count: known.count + delta.count });
    }
  }

  addStatus(statuses: Iterable<ExporterStatus>): void {
    for (const status of statuses) this.#exporters.set(sessionKey(status), status);
  }

  addState(state: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [key, value] of state) this.#state.set(key, value);
  }

  get isEmpty(): boolean {
    return this.#ledger.size === 0 && this.#exporters.size === 0 && this.#state.size === 0;
  }

  /** Everything, to be published; begins anew. */
  take(): { books: BatchBooks; state: [key: string, value: Uint8Array | null][] } {
    const taken = {
      books: {
        ledger: [...this.#ledger.values()].filter(({ count }) => count !== 0),
        exporters: [...this.#exporters.values()],
      },
      state: [...this.#state],
    };
    this.#ledger.clear();
    this.#exporters.clear();
    this.#state.clear();
    return taken;
  }
}
