import type { LedgerDelta } from "@v6meter/schemas";
import { type Datagram, datagramBytes, type Refusal, type Tells, type Told } from "./messages.ts";

/** Datagrams that wait for their exporter's claim or state may take this much memory. */
const HELD_MAX_BYTES = 33_554_432;
/** An exporter that was one too many is asked for again after this time. */
const ASK_AGAIN_MS = 5_000;
/** An exporter whose datagrams come by way of others only, for so long, is given up for one of them to claim. */
const MOVE_AFTER_MS = 5_000;
/** Exporters that are remembered; beyond it those of others are forgotten, and asked for again. */
const REMEMBERED = 131_072;

/**
 * Where this process stands with an exporter. `asking`, `loading` and `leaving` hold its datagrams back:
 * the answer, its state from the bus, or the bus's word that what became of it is there is awaited.
 */
interface Standing {
  kind: "asking" | "loading" | "own" | "leaving" | "foreign" | "too_many";
  held: Datagram[];
  /** Last datagram off this process's own sockets, and by way of another. */
  directAtMs: number;
  strayAtMs: number;
  /** Which other that was. */
  strayFrom: number;
  /** Of `too_many`: the first datagram that was dropped. */
  beyondAtMs: number;
  /** Of `leaving`: it goes to this process; null where it is forgotten. */
  to: number | null;
}

export interface SharedIntakeOptions {
  decode(datagram: Datagram): void;
  book(...deltas: LedgerDelta[]): void;
  /** Gives the decoder the exporter's state from the bus. */
  load(exporter: string): Promise<void>;
  /** Stops decoding an exporter, see Decoder.release. */
  release(exporter: string): boolean;
  tell(message: Tells): void;
  /** Whether so many bytes of strays may be told beside those that are on their way. */
  mayTellStrays(bytes: number): boolean;
  /** Called where state cannot be loaded: nothing more can be right. */
  failed(error: unknown): void;
}

/**
 * The datagrams of one of several collecting processes on the same addresses. The kernel spreads them by
 * address and port and anew whenever a process joins or ends, but an exporter's templates, sequence and
 * books are in one process: that decodes them, the others hand on what they receive of it.
 */
export class SharedIntake {
  readonly #options: SharedIntakeOptions;
  readonly #standings = new Map<string, Standing>();
  #asks: string[] = [];
  #strays: Datagram[] = [];
  #straysBytes = 0;
  #turn: NodeJS.Immediate | undefined;
  #heldBytes = 0;
  #forgetBeyond = REMEMBERED;
  /** Exporters whose datagrams are held. */
  #pending = 0;
  #closing = false;
  /** The coordinator is gone: nothing is asked or handed on any more. */
  #alone = false;
  #onSettled: (() => void) | null = null;

  constructor(options: SharedIntakeOptions) {
    this.#options = options;
  }

  /** Takes a datagram, off the own sockets or handed on by the process `from`: decodes it, holds it or hands it on. */
  receive(datagram: Datagram, from: number | null = null): void {
    const standing = this.#standings.get(datagram.exporter) ?? this.#ask(datagram.exporter);
    if (from === null) standing.directAtMs = datagram.receivedAtMs;
    else {
      standing.strayAtMs = datagram.receivedAtMs;
      standing.strayFrom = from;
    }
    if (standing.kind === "own") this.#options.decode(datagram);
    else if (standing.kind === "foreign") this.#handOn(datagram);
    else if (standing.kind === "too_many") this.#beyond(datagram, standing);
    else this.#hold(datagram, standing);
  }

  /** What the coordinator tells. */
  hear(message: Told): void {
    if (message.kind === "granted") for (const exporter of message.exporters) this.#granted(exporter);
    else if (message.kind === "foreign") for (const exporter of message.exporters) this.#answered(exporter, "foreign");
    else if (message.kind === "too_many")
      for (const exporter of message.exporters) this.#answered(exporter, "too_many");
    else if (message.kind === "refused") this.#book(message.refusals);
    else if (message.kind === "strays") {
      // Before anything of it is decoded: who dies in between has lost it, and nobody decodes it twice.
      this.#options.tell({ kind: "took", batch: message.batch });
      for (const datagram of message.datagrams) this.receive(datagram, message.from);
    }
  }

  /** The decoder has forgotten these: they are given up with the next `published`. */
  forgotten(exporters: readonly string[]): void {
    for (const exporter of exporters) {
      const standing = this.#standings.get(exporter);
      if (standing?.kind === "own") this.#leave(standing, null);
    }
  }

  /**
   * Everything of the decoder was taken just now: exporters that others receive are released, and with the
   * forgotten ones given up once `published` says that the bus has what was taken.
   */
  async move(nowMs: number, published: Promise<boolean>): Promise<void> {
    const leaving: [exporter: string, standing: Standing][] = [];
    for (const [exporter, standing] of this.#standings) {
      const goes = standing.kind === "own" && !this.#closing && isElsewhere(standing, nowMs);
      if (goes && this.#options.release(exporter)) this.#leave(standing, standing.strayFrom);
      if (standing.kind === "leaving") leaving.push([exporter, standing]);
    }
    if (leaving.length === 0 || !(await published)) return;
    this.#giveUp(leaving.filter(([exporter, standing]) => this.#standings.get(exporter) === standing));
  }

  /** From now on no exporter is given up for being received elsewhere. */
  close(): void {
    this.#closing = true;
  }

  /** The coordinator is gone: what cannot be decoded here is booked as dropped. */
  leaveAlone(): void {
    this.#alone = true;
    for (const datagram of this.#strays) this.#refuse(datagram);
    this.#strays = [];
    this.#asks = [];
    for (const [exporter, { kind }] of this.#standings) if (kind === "asking") this.#answered(exporter, "foreign");
  }

  /** Resolves when no datagram is held and everything that was handed on is told. */
  async settled(): Promise<void> {
    while (this.#pending > 0) {
      this.flush();
      await new Promise<void>((resolve) => {
        this.#onSettled = resolve;
      });
    }
    this.flush();
  }

  /** Tells what was asked and handed on since the last turn of the event loop. */
  flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    if (this.#asks.length > 0) this.#options.tell({ kind: "claim", exporters: this.#asks });
    if (this.#strays.length > 0) this.#options.tell({ kind: "strays", datagrams: this.#strays });
    this.#asks = [];
    this.#strays = [];
    this.#straysBytes = 0;
  }

  #soon(): void {
    this.#turn ??= setImmediate(() => this.flush());
  }

  #ask(exporter: string): Standing {
    if (this.#alone) return this.#meet(exporter, "foreign");
    this.#asks.push(exporter);
    this.#soon();
    this.#pending++;
    return this.#meet(exporter, "asking");
  }

  #meet(exporter: string, kind: Standing["kind"]): Standing {
    if (this.#standings.size >= this.#forgetBeyond) this.#forgetOthers();
    const standing: Standing = { kind, held: [], directAtMs: 0, strayAtMs: 0, strayFrom: 0, beyondAtMs: 0, to: null };
    this.#standings.set(exporter, standing);
    return standing;
  }

  #forgetOthers(): void {
    for (const [exporter, { kind }] of this.#standings)
      if (kind === "foreign" || kind === "too_many") this.#standings.delete(exporter);
    this.#forgetBeyond = Math.max(REMEMBERED, 2 * this.#standings.size);
  }

  #answered(exporter: string, kind: "foreign" | "too_many"): void {
    const standing = this.#standings.get(exporter);
    if (standing?.kind !== "asking") return;
    standing.kind = kind;
    for (const datagram of this.#release(standing)) {
      if (kind === "foreign") this.#handOn(datagram);
      else this.#beyond(datagram, standing);
    }
    this.#settle();
  }

  #granted(exporter: string): void {
    // One that was not asked for had a process that has ended.
    const standing = this.#standings.get(exporter) ?? this.#meet(exporter, "foreign");
    if (standing.kind === "own" || standing.kind === "loading") return;
    if (standing.kind !== "asking") this.#pending++;
    standing.kind = "loading";
    this.#options.load(exporter).then(
      () => {
        standing.kind = "own";
        for (const datagram of this.#release(standing)) this.#options.decode(datagram);
        this.#settle();
      },
      (error: unknown) => this.#options.failed(error),
    );
  }

  #settle(): void {
    this.#pending--;
    if (this.#pending > 0) return;
    this.#onSettled?.();
    this.#onSettled = null;
  }

  #hold(datagram: Datagram, standing: Standing): void {
    const bytes = datagramBytes(datagram);
    if (this.#heldBytes + bytes > HELD_MAX_BYTES) {
      this.#refuse(datagram);
      return;
    }
    this.#heldBytes += bytes;
    standing.held.push(datagram);
  }

  #release(standing: Standing): Datagram[] {
    const { held } = standing;
    standing.held = [];
    for (const datagram of held) this.#heldBytes -= datagramBytes(datagram);
    return held;
  }

  #handOn(datagram: Datagram): void {
    const bytes = datagramBytes(datagram);
    if (this.#alone || !this.#options.mayTellStrays(this.#straysBytes + bytes)) {
      this.#refuse(datagram);
      return;
    }
    this.#straysBytes += bytes;
    this.#strays.push(datagram);
    this.#soon();
  }

  #refuse({ exporter }: Datagram): void {
    this.#book([{ exporter, reason: "queue_full", datagrams: 1 }]);
  }

  #beyond(datagram: Datagram, standing: Standing): void {
    this.#book([{ exporter: datagram.exporter, reason: "too_many_exporters", datagrams: 1 }]);
    standing.beyondAtMs ||= datagram.receivedAtMs;
    if (datagram.receivedAtMs - standing.beyondAtMs > ASK_AGAIN_MS) this.#standings.delete(datagram.exporter);
  }

  #book(refusals: readonly Refusal[]): void {
    for (const { exporter, reason, datagrams: count } of refusals) {
      // As the decoder books those it does not follow.
      const booked = reason === "too_many_exporters" ? "::" : exporter;
      this.#options.book(
        { exporter: booked, stage: "receive", outcome: "received", reason: "", count },
        { exporter: booked, stage: "receive", outcome: "dropped", reason, count },
      );
    }
  }

  #leave(standing: Standing, to: number | null): void {
    standing.kind = "leaving";
    standing.to = to;
    this.#pending++;
  }

  #giveUp(gone: readonly (readonly [exporter: string, standing: Standing])[]): void {
    const forgotten = gone.flatMap(([exporter, { to }]) => (to === null ? [exporter] : []));
    const moves = gone.flatMap(([exporter, { to }]) => (to === null ? [] : [[exporter, to] as const]));
    if (forgotten.length > 0) this.#options.tell({ kind: "gave_up", exporters: forgotten });
    if (moves.length > 0) this.#options.tell({ kind: "moved", moves });
    for (const [exporter, standing] of gone) {
      // What came meanwhile follows behind that word: it asks anew, or goes where the exporter went.
      if (standing.to === null) this.#standings.delete(exporter);
      else standing.kind = "foreign";
      for (const datagram of this.#release(standing)) this.receive(datagram, standing.strayFrom);
      this.#settle();
    }
  }
}

function isElsewhere({ directAtMs, strayAtMs }: Standing, nowMs: number): boolean {
  return strayAtMs > directAtMs && nowMs - directAtMs > MOVE_AFTER_MS;
}
