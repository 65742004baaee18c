import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DecoderOptions } from "@v6meter/netflow";
import { Random } from "@v6meter/random";
import type { LedgerDelta } from "@v6meter/schemas";
import { FuzzBooks } from "./books.ts";
import { type FuzzDatagram, fuzzDatagram, MUTATIONS, type Mutation } from "./datagram.ts";
import { FuzzSubject } from "./subject.ts";

/** What the decoder promises for any input. */
export const PROMISES = {
  throw: "nothing is thrown",
  books: "received = forwarded + held + dropped, for every exporter and stage",
  bounds: "what stands before and behind a datagram in memory changes nothing",
  rows: "a row is a record that was counted, and unused rows are zero",
  restart: "any state can be restored; what cannot be read is counted",
  memory: "memory stays flat",
} as const;

/** A promise that did not hold. */
export interface Violation {
  readonly promise: keyof typeof PROMISES;
  /** The datagram after which it was seen; make it again with `fuzzDatagram(seed, index, corpus)`. */
  readonly index: number;
  readonly mutation: Mutation;
  readonly hex: string;
  readonly detail: string;
}

/** What is done of a datagram, in this order; all but decoding only after some. Memory is weighed by the engine's collector. */
export const FUZZ_STEPS = ["decode", "check", "weigh", "restart"] as const;
export type FuzzStep = (typeof FUZZ_STEPS)[number];

/** What a fuzz run is made of. */
export interface FuzzOptions {
  readonly seed: number;
  readonly datagrams: number;
  /** Payloads of real exporters that are mutated; not empty. */
  readonly corpus: readonly Uint8Array[];
  /** Called before every datagram and before what follows some of them, so that a watcher knows where a hang is. */
  readonly onStep?: (index: number, step: FuzzStep) => void;
}

/** The figures of a fuzz run. */
export interface FuzzReport {
  readonly seed: number;
  readonly datagrams: number;
  readonly bytes: number;
  readonly mutations: Readonly<Record<Mutation, number>>;
  /** Rows the decoder made, options records and template records it read. */
  readonly rows: number;
  readonly optionsRecords: number;
  readonly templates: number;
  readonly parkedSets: number;
  /** Units of the books by stage, outcome and reason. */
  readonly books: Readonly<Record<string, number>>;
  readonly restarts: number;
  readonly elapsedMs: number;
  /** The longest time one datagram took, and which; a pause of the machine shows here as well. */
  readonly slowestMs: number;
  readonly slowestIndex: number;
  /** Most memory in use (heap and array buffers, after a collection) early and late in the run. */
  readonly earlyMemoryBytes: number;
  readonly lateMemoryBytes: number;
  readonly violations: readonly Violation[];
}

/** Each a multiple of the one before. */
const CHECK_EVERY = 1_000;
const WEIGH_EVERY = 5_000;
const RESTART_EVERY = 20_000;
const MAX_VIOLATIONS = 20;
const START_MS = 1_750_000_000_000;
/** Above what the decoder may hold by LIMITS, below what any leak per datagram would add. */
const MEMORY_GROWTH_BYTES = 32 * 1_048_576;

const collectGarbage = exposedCollector();

/** Small enough that every limit is met in a run. */
const LIMITS: Partial<DecoderOptions> = {
  maxExporters: 40,
  maxTemplates: 64,
  templateTtlMs: 1_800_000,
  parkMaxBytes: 4_096,
  parkTtlMs: 600_000,
};

/**
 * Gives the decoder mutated captures and random bytes and watches over PROMISES. Returns what it found;
 * a decoder that hangs hangs this call (see watch.ts).
 */
export function fuzz({ seed, datagrams, corpus, onStep }: FuzzOptions): FuzzReport {
  const run = new Run(seed, corpus);
  const startedAt = performance.now();
  for (let index = 0; index < datagrams; index++) {
    const last = index === datagrams - 1;
    const isDue = (every: number) => last || (index + 1) % every === 0;
    onStep?.(index, "decode");
    run.give(index);
    if (!isDue(CHECK_EVERY)) continue;
    onStep?.(index, "check");
    run.check();
    if (!isDue(WEIGH_EVERY)) continue;
    onStep?.(index, "weigh");
    run.weigh();
    if (!isDue(RESTART_EVERY)) continue;
    onStep?.(index, "restart");
    run.restart();
  }
  return run.report(performance.now() - startedAt);
}

/** The state of one call of `fuzz`. */
class Run {
  readonly #seed: number;
  readonly #corpus: readonly Uint8Array[];
  readonly #first = new FuzzSubject(LIMITS, 0x00);
  readonly #second = new FuzzSubject(LIMITS, 0xff);
  readonly #books = new FuzzBooks();
  readonly #violations: Violation[] = [];
  readonly #mutations = Object.fromEntries(MUTATIONS.map((name) => [name, 0])) as Record<Mutation, number>;
  readonly #memory: number[] = [];
  readonly #sums = { bytes: 0, rows: 0, optionsRecords: 0, templates: 0, parkedSets: 0, restarts: 0 };
  #slowestMs = 0;
  #slowestIndex = 0;
  #nowMs = START_MS;
  #index = -1;
  #datagram: FuzzDatagram;

  constructor(seed: number, corpus: readonly Uint8Array[]) {
    this.#seed = seed;
    this.#corpus = corpus;
    this.#datagram = fuzzDatagram(seed, 0, corpus);
  }

  give(index: number): void {
    this.#index = index;
    this.#datagram = fuzzDatagram(this.#seed, index, this.#corpus);
    this.#nowMs += this.#datagram.afterMs;
    this.#mutations[this.#datagram.mutation]++;
    this.#sums.bytes += this.#datagram.payload.length;
    const began = performance.now();
    for (const subject of [this.#first, this.#second])
      this.#attempt("throw", () => subject.decode(this.#datagram, this.#nowMs));
    const ms = (performance.now() - began) / 2;
    if (ms <= this.#slowestMs) return;
    this.#slowestMs = ms;
    this.#slowestIndex = index;
  }

  check(): void {
    const [first, second] = [this.#first, this.#second];
    for (const { decoder } of [first, second]) this.#attempt("throw", () => decoder.expire(this.#nowMs));
    const ledger = first.decoder.takeLedger();
    const twin = second.decoder.takeLedger();
    const { totals } = first.decoder;
    this.#violated("books", ...this.#books.add(ledger));
    if (first.rows !== totals.flowRecords + totals.reverseRecords)
      this.#violated("rows", `${first.rows} rows, ${totals.flowRecords} records and ${totals.reverseRecords} reverse`);
    this.#violated("rows", ...first.take());
    second.take();
    if (first.rows !== second.rows || first.digest !== second.digest || !sameLedger(ledger, twin))
      this.#violated("bounds", `${first.rows} and ${second.rows} rows, digests ${first.digest} and ${second.digest}`);
    for (const subject of [first, second]) {
      this.#attempt("throw", () => subject.decoder.takeStatus());
      this.#attempt("throw", () => subject.keepState());
    }
  }

  weigh(): void {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    this.#memory.push(heapUsed + arrayBuffers);
  }

  restart(): void {
    this.#countTotals();
    for (const subject of [this.#first, this.#second]) {
      this.#attempt("restart", () => {
        const unreadable = subject.restart();
        if (unreadable > 0) this.#violated("restart", `${unreadable} states the decoder gave cannot be read`);
        subject.restoreDamaged(new Random(this.#seed, ~this.#index), this.#datagram, this.#nowMs);
      });
    }
  }

  report(elapsedMs: number): FuzzReport {
    const { earlyMemoryBytes, lateMemoryBytes } = memoryTrend(this.#memory);
    if (lateMemoryBytes - earlyMemoryBytes > MEMORY_GROWTH_BYTES)
      this.#violated("memory", `from ${earlyMemoryBytes} to ${lateMemoryBytes} bytes`);
    return {
      seed: this.#seed,
      datagrams: this.#index + 1,
      ...this.#sums,
      mutations: this.#mutations,
      books: this.#books.sums,
      elapsedMs,
      slowestMs: this.#slowestMs,
      slowestIndex: this.#slowestIndex,
      earlyMemoryBytes,
      lateMemoryBytes,
      violations: this.#violations,
    };
  }

  #countTotals(): void {
    const { totals } = this.#first.decoder;
    this.#sums.rows += this.#first.rows;
    this.#sums.optionsRecords += totals.optionsRecords;
    this.#sums.templates += totals.templates + totals.optionsTemplates;
    this.#sums.parkedSets += totals.parkedSets;
    this.#sums.restarts++;
  }

  #attempt(promise: Violation["promise"], step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#violated(promise, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  #violated(promise: Violation["promise"], ...details: string[]): void {
    const { mutation, payload } = this.#datagram;
    const hex = Buffer.from(payload).toString("hex");
    for (const detail of details)
      if (this.#violations.length < MAX_VIOLATIONS)
        this.#violations.push({ promise, index: this.#index, mutation, hex, detail });
  }
}

function sameLedger(a: readonly LedgerDelta[], b: readonly LedgerDelta[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Node shows no garbage collection to programs that were not started with a flag; without one the memory
 * in use says more of the collector's mood than of the decoder.
 */
function exposedCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** The most memory in use in the second and in the last quarter of the run; the first one warms up. */
function memoryTrend(samples: readonly number[]): { earlyMemoryBytes: number; lateMemoryBytes: number } {
  const quarter = Math.floor(samples.length / 4);
  return {
    earlyMemoryBytes: Math.max(...samples.slice(quarter, 2 * quarter + 1)),
    lateMemoryBytes: Math.max(...samples.slice(-quarter - 1)),
  };
}
