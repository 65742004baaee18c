import type { ExportVersion } from "./header.ts";

/** A data set that waits for its template, with what its message's header said. */
export interface ParkedSet {
  readonly version: ExportVersion;
  readonly domain: number;
  readonly sourcePort: number;
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly exportMs: number;
  readonly uptimeMs: number;
  readonly receivedAtMs: number;
  /** Which bundle of the stored state holds it, and where in it; bundle 0: none yet. */
  bundle: number;
  indexInBundle: number;
}

/** What one parked set takes beside its bytes. */
const OVERHEAD_BYTES = 64;

function templateKey(version: ExportVersion, domain: number, id: number): number {
  return (domain * 65_536 + id) * 16 + version;
}

/** Data sets of one exporter whose template is not known yet: first in, first out, bounded by bytes. */
export class Parking {
  readonly #maxBytes: number;
  #sets: ParkedSet[] = [];
  #bytes = 0;
  /** Sets waiting for each template, so that the arrival of others costs nothing. */
  readonly #waiting = new Map<number, number>();
  /** Sets still parked of each stored bundle. */
  readonly #bundles = new Map<number, number>();
  #emptied: number[] = [];
  #lastBundle = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Gives the sets parked since the last call a bundle of their own; null where there are none. */
  bundleNew(): { id: number; sets: readonly ParkedSet[] } | null {
    const sets = this.#sets.filter((set) => set.bundle === 0);
    if (sets.length === 0) return null;
    const id = ++this.#lastBundle;
    for (const [index, set] of sets.entries()) {
      set.bundle = id;
      set.indexInBundle = index;
    }
    this.#bundles.set(id, sets.length);
    return { id, sets };
  }

  /** Bundles all of whose sets have gone since the last call. */
  takeEmptied(): number[] {
    const emptied = this.#emptied;
    this.#emptied = [];
    return emptied;
  }

  /** Every bundle that is stored. */
  get bundleIds(): readonly number[] {
    return [...this.#bundles.keys(), ...this.#emptied];
  }

  /** Takes up a bundle of an earlier run, of which only some sets may still be parked. */
  restore(bundle: number, sets: readonly ParkedSet[]): void {
    this.#lastBundle = Math.max(this.#lastBundle, bundle);
    if (sets.length === 0) {
      this.#emptied.push(bundle);
      return;
    }
    this.#bundles.set(bundle, sets.length);
    for (const set of sets) {
      this.#sets.push(set);
      this.#bytes += set.bytes.length + OVERHEAD_BYTES;
      this.#count(set, 1);
    }
  }

  get size(): number {
    return this.#sets.length;
  }

  get sets(): readonly ParkedSet[] {
    return this.#sets;
  }

  /** Whether a set of so many bytes would fit into an empty lot. */
  fits(bytes: number): boolean {
    return bytes + OVERHEAD_BYTES <= this.#maxBytes;
  }

  /** Parks a set that fits; returns how many of the oldest had to go for it. */
  park(set: ParkedSet): number {
    const needed = set.bytes.length + OVERHEAD_BYTES;
    let evicted = 0;
    let freed = 0;
    while (this.#bytes - freed + needed > this.#maxBytes) {
      const oldest = this.#sets[evicted] as ParkedSet;
      freed += oldest.bytes.length + OVERHEAD_BYTES;
      this.#forget(oldest);
      evicted++;
    }
    if (evicted > 0) this.#sets.splice(0, evicted);
    this.#bytes += needed - freed;
    this.#sets.push(set);
    this.#count(set, 1);
    return evicted;
  }

  /** Removes and returns, in order of arrival, the sets of one template that `serves` says it serves. */
  release(version: ExportVersion, domain: number, id: number, serves: (sourcePort: number) => boolean): ParkedSet[] {
    if (!this.#waiting.has(templateKey(version, domain, id))) return [];
    return this.#remove(
      (set) => set.version === version && set.domain === domain && set.id === id && serves(set.sourcePort),
    );
  }

  /** Removes the sets received before a time; returns how many. */
  expire(receivedBeforeMs: number): number {
    return this.#remove((set) => set.receivedAtMs < receivedBeforeMs).length;
  }

  #remove(goes: (set: ParkedSet) => boolean): ParkedSet[] {
    const removed = this.#sets.filter(goes);
    if (removed.length === 0) return removed;
    this.#sets = this.#sets.filter((set) => !goes(set));
    for (const set of removed) {
      this.#bytes -= set.bytes.length + OVERHEAD_BYTES;
      this.#forget(set);
    }
    return removed;
  }

  #forget(set: ParkedSet): void {
    this.#count(set, -1);
    if (set.bundle === 0) return;
    const left = (this.#bundles.get(set.bundle) as number) - 1;
    if (left > 0) this.#bundles.set(set.bundle, left);
    else {
      this.#bundles.delete(set.bundle);
      this.#emptied.push(set.bundle);
    }
  }

  #count(set: ParkedSet, change: 1 | -1): void {
    const key = templateKey(set.version, set.domain, set.id);
    const count = (this.#waiting.get(key) ?? 0) + change;
    if (count === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, count);
  }
}
