/** Allows so many of something a minute to each name, in bursts of as many, and remembers a bounded number of names. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #maxNames: number;
  readonly #now: () => number;
  /** Least recently seen first. */
  readonly #buckets = new Map<string, { tokens: number; atMs: number; told: boolean }>();

  constructor(perMinute: number, maxNames = 10_000, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#maxNames = maxNames;
    this.#now = now;
  }

  /** Takes one: null where it is allowed, otherwise the seconds to wait, and whether this is the first refusal in a row. */
  take(name: string): { retryAfterS: number; first: boolean } | null {
    const nowMs = this.#now();
    const bucket = this.#buckets.get(name) ?? { tokens: this.#perMinute, atMs: nowMs, told: false };
    this.#buckets.delete(name);
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + ((nowMs - bucket.atMs) * this.#perMinute) / 60_000);
    bucket.atMs = nowMs;
    this.#buckets.set(name, bucket);
    this.#forget();
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      bucket.told = false;
      return null;
    }
    const first = !bucket.told;
    bucket.told = true;
    return { retryAfterS: Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.#perMinute)), first };
  }

  get names(): number {
    return this.#buckets.size;
  }

  #forget(): void {
    for (const name of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#maxNames) return;
      this.#buckets.delete(name);
    }
  }
}
