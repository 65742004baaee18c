import { createHash } from "node:crypto";
import { SqlException } from "./exception.ts";

/** Addresses and users that are told apart; beyond it the others share one count. */
const TABLE_MAX_ENTRIES = 4_096;
/** Users of one address that are told apart, whoever there is: names that are made up fill no table. */
const SLOTS = 64;
const SWEEP_MS = 1_000;

export interface LoginLimitOptions {
  /** Failed logins of one address as one user, before it must wait. */
  readonly maxFailed: number;
  /** Time after which one more may fail. */
  readonly refillMs: number;
  /** In milliseconds, never going back. */
  readonly clock?: () => number;
}

interface Bucket {
  left: number;
  atMs: number;
}

/** Thrown where an address has failed too often: it must wait, whatever its password. */
export class TooManyLogins extends SqlException {
  readonly retryAfterS: number;

  constructor(name: string, address: string, waitMs: number) {
    const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
    super(
      516,
      "AUTHENTICATION_FAILED",
      `${name}: Too many failed logins from ${address}: allowed is the next one in ${retryAfterS} s.`,
    );
    this.retryAfterS = retryAfterS;
  }
}

/**
 * Bounds how fast passwords can be guessed: each address has so many failures a user, and gets them back one
 * by one. A login that succeeds costs nothing, and who fails as one user does not keep others out.
 */
export class LoginLimit {
  readonly #maxFailed: number;
  readonly #refillMs: number;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();
  /** Of all that the table has no room for. */
  readonly #others: Bucket;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor({ maxFailed, refillMs, clock = () => performance.now() }: LoginLimitOptions) {
    this.#maxFailed = maxFailed;
    this.#refillMs = refillMs;
    this.#clock = clock;
    this.#others = { left: maxFailed, atMs: clock() };
  }

  /** Addresses and users with failures that are held. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Throws TooManyLogins where the address must wait. */
  check(address: string, name: string): void {
    const bucket = this.#bucketOf(keyOf(address, name));
    if (bucket === null) return;
    this.#refill(bucket);
    if (bucket.left < 1) throw new TooManyLogins(name, address, (1 - bucket.left) * this.#refillMs);
  }

  failed(address: string, name: string): void {
    const key = keyOf(address, name);
    let bucket = this.#bucketOf(key);
    if (bucket === null) {
      bucket = { left: this.#maxFailed, atMs: this.#clock() };
      this.#buckets.set(key, bucket);
    }
    this.#refill(bucket);
    bucket.left = Math.max(0, bucket.left - 1);
  }

  /** Takes a failure back that turned out to be none. */
  giveBack(address: string, name: string): void {
    const bucket = this.#bucketOf(keyOf(address, name));
    if (bucket !== null) bucket.left = Math.min(this.#maxFailed, bucket.left + 1);
  }

  /** Null where nothing has failed and there is room to write it down. */
  #bucketOf(key: string): Bucket | null {
    const bucket = this.#buckets.get(key);
    if (bucket) return bucket;
    if (this.#buckets.size >= TABLE_MAX_ENTRIES) this.#forget();
    return this.#buckets.size >= TABLE_MAX_ENTRIES ? this.#others : null;
  }

  #refill(bucket: Bucket): void {
    const now = this.#clock();
    bucket.left = Math.min(this.#maxFailed, bucket.left + (now - bucket.atMs) / this.#refillMs);
    bucket.atMs = now;
  }

  /** Whoever has all failures again needs no entry. */
  #forget(): void {
    const now = this.#clock();
    if (now - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = now;
    for (const [key, bucket] of this.#buckets) {
      this.#refill(bucket);
      if (bucket.left >= this.#maxFailed) this.#buckets.delete(key);
    }
  }
}

/** A host has a /64 of IPv6 to itself and chooses from it as it likes. */
function keyOf(address: string, name: string): string {
  const slot = (createHash("sha256").update(name).digest()[0] ?? 0) % SLOTS;
  return `${networkOf(address)} ${slot}`;
}

function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = (plain.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  return [...groups, ...Array.from({ length: zeros }, () => "0"), ...last].slice(0, 4).join(":");
}
