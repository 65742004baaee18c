/** What came of a claim: who has the exporter now, or that there are as many exporters as may be. */
export type ClaimAnswer = { readonly owner: number } | "too_many";

/**
 * Which process has which exporter: its templates, sequence numbers and books are in one process only. A
 * process is named by a number that never comes again; an exporter is had by one until that gives it up or ends.
 */
export class Claims {
  readonly #maxExporters: number;
  readonly #owners = new Map<string, number>();
  /** Processes that may have exporters, and those they have. */
  readonly #members = new Map<number, Set<string>>();
  /** Exporters of which there is state that nobody looks after, and since when. */
  readonly #unowned = new Map<string, number>();

  constructor(maxExporters: number) {
    this.#maxExporters = maxExporters;
  }

  /** Claims that are held. */
  get size(): number {
    return this.#owners.size;
  }

  get hasMembers(): boolean {
    return this.#members.size > 0;
  }

  isMember(process: number): boolean {
    return this.#members.has(process);
  }

  join(process: number): void {
    this.#members.set(process, new Set());
  }

  /** A process has ended: what it had is anybody's. */
  leave(process: number, nowMs: number): void {
    for (const exporter of this.#members.get(process) ?? []) {
      this.#owners.delete(exporter);
      this.#unowned.set(exporter, nowMs);
    }
    this.#members.delete(process);
  }

  ownerOf(exporter: string): number | null {
    return this.#owners.get(exporter) ?? null;
  }

  /**
   * Who has the exporter; where nobody has it, from now on the process that asks, or the one with the
   * fewest where that has ended. There must be a member.
   */
  claim(exporter: string, process: number): ClaimAnswer {
    const owner = this.#owners.get(exporter);
    if (owner !== undefined) return { owner };
    if (this.#owners.size >= this.#maxExporters) return "too_many";
    const by = this.#members.has(process) ? process : this.#leastBusy();
    this.#grant(exporter, by);
    return { owner: by };
  }

  /** The exporter is anybody's again; false where the process did not have it. */
  giveUp(exporter: string, process: number): boolean {
    if (this.#owners.get(exporter) !== process) return false;
    this.#owners.delete(exporter);
    this.#members.get(process)?.delete(exporter);
    return true;
  }

  /** There is state of these exporters. */
  note(exporters: Iterable<string>, nowMs: number): void {
    for (const exporter of exporters) if (!this.#owners.has(exporter)) this.#unowned.set(exporter, nowMs);
  }

  /**
   * Gives what nobody has looked after since a time to the processes with the fewest, so that what it
   * holds expires in time.
   */
  adopt(unownedBeforeMs: number): { exporter: string; owner: number }[] {
    const adopted: { exporter: string; owner: number }[] = [];
    if (!this.hasMembers) return adopted;
    for (const [exporter, sinceMs] of this.#unowned) {
      if (sinceMs > unownedBeforeMs || this.#owners.size >= this.#maxExporters) continue;
      const owner = this.#leastBusy();
      this.#grant(exporter, owner);
      adopted.push({ exporter, owner });
    }
    return adopted;
  }

  #grant(exporter: string, process: number): void {
    this.#owners.set(exporter, process);
    this.#members.get(process)?.add(exporter);
    this.#unowned.delete(exporter);
  }

  #leastBusy(): number {
    let least: [process: number, exporters: Set<string>] | undefined;
    for (const member of this.#members) if (least === undefined || member[1].size < least[1].size) least = member;
    if (least === undefined) throw new TypeError("no process may have exporters");
    return least[0];
  }
}
