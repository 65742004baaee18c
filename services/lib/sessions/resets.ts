const MAX_NASES = 65_536;
/** Resets of one NAS that are remembered; older ones only matter to events that come later than they. */
const RESETS_KEPT = 16;

/** NASes by number, and when each told that all its sessions had ended (Accounting-On, Accounting-Off). */
export class Resets {
  readonly #numbers = new Map<number, Map<number, number>>();
  #count = 1;
  readonly #resets: (number[] | undefined)[] = [];
  readonly #reset = new Uint8Array(MAX_NASES);

  /** NASes there are. */
  get nases(): number {
    return this.#count - 1;
  }

  /** The number of a NAS by its hash; 0 where there is no number left. */
  nas(low: number, high: number): number {
    let byHigh = this.#numbers.get(low);
    const known = byHigh?.get(high);
    if (known !== undefined) return known;
    if (this.#count === MAX_NASES) return 0;
    if (byHigh === undefined) {
      byHigh = new Map();
      this.#numbers.set(low, byHigh);
    }
    byHigh.set(high, this.#count);
    return this.#count++;
  }

  add(nas: number, moment: number): void {
    const resets = this.#resets[nas] ?? [];
    if (nas === 0 || resets.includes(moment)) return;
    this.#reset[nas] = 1;
    this.#resets[nas] = [...resets, moment].sort((a, b) => a - b).slice(-RESETS_KEPT);
  }

  /** When what began at a moment and ends at another ends by its NAS. */
  endOf(nas: number, begin: number, end: number): number {
    if (this.#reset[nas] === 0) return end;
    for (const reset of this.#resets[nas] as number[]) if (reset > begin) return Math.min(end, reset);
    return end;
  }

  /** Whether a NAS ever was reset. */
  wasReset(nas: number): boolean {
    return this.#reset[nas] === 1;
  }
}
