import { Claims } from "./claims.ts";
import { type Datagram, datagramBytes, type Refusal, type Tells, type Told } from "./messages.ts";

/** Strays on their way to one process, and those that wait for any, may take this much memory. */
const UNDELIVERED_MAX_BYTES = 67_108_864;
/** State that nobody looks after for so long is given to a process: what is parked in it must expire. */
const ADOPT_AFTER_MS = 60_000;

export interface CoordinatorOptions {
  readonly maxExporters: number;
  /** Tells a process, which may have ended. */
  tell(process: number, message: Told): void;
}

/** What went between processes, for metrics. */
export interface CoordinatorCounts {
  /** Datagrams handed on to the process that has their exporter. */
  strays: number;
  /** Strays that were dropped while no process was there to take or book them. */
  lostStrays: number;
}

interface Route {
  readonly underWay: Map<number, readonly Datagram[]>;
  bytes: number;
}

/**
 * Between the collecting processes: answers their claims and brings each stray to the process that has its
 * exporter. A stray is kept until it is taken; what a process had not taken when it ended goes to another.
 */
export class Coordinator {
  readonly #claims: Claims;
  readonly #tell: CoordinatorOptions["tell"];
  readonly #routes = new Map<number, Route>();
  /** Strays that came while no process was there. */
  #homeless: Datagram[] = [];
  #homelessBytes = 0;
  #lastBatch = 0;
  readonly counts: CoordinatorCounts = { strays: 0, lostStrays: 0 };
  /** Grows with everything that may make a process ask or hand on something. */
  activity = 0;

  constructor({ maxExporters, tell }: CoordinatorOptions) {
    this.#claims = new Claims(maxExporters);
    this.#tell = tell;
  }

  get claims(): number {
    return this.#claims.size;
  }

  /** A process is ready to have exporters. */
  join(process: number): void {
    this.#claims.join(process);
    this.#routes.set(process, { underWay: new Map(), bytes: 0 });
    const waiting = this.#homeless;
    this.#homeless = [];
    this.#homelessBytes = 0;
    this.#bring(waiting, process);
  }

  /** A process has ended and nothing more will come from it. */
  leave(process: number, nowMs: number): void {
    const route = this.#routes.get(process);
    this.#routes.delete(process);
    this.#claims.leave(process, nowMs);
    if (route) this.#bring([...route.underWay.values()].flat(), process);
  }

  /** What a process tells. */
  hear(process: number, message: Tells, nowMs: number): void {
    if (message.kind === "took") this.#took(process, message.batch);
    else if (message.kind === "known") this.#claims.note(message.exporters, nowMs);
    else if (message.kind === "claim") this.#answer(process, message.exporters);
    else if (message.kind === "strays") this.#bring(message.datagrams, process);
    else if (message.kind === "moved") this.#move(process, message.moves);
    else if (message.kind === "gave_up") {
      this.activity++;
      for (const exporter of message.exporters) this.#claims.giveUp(exporter, process);
    }
  }

  /** Has state looked after that nobody has claimed for a while. */
  adopt(nowMs: number): void {
    const granted = new Map<number, string[]>();
    for (const { exporter, owner } of this.#claims.adopt(nowMs - ADOPT_AFTER_MS)) listOf(granted, owner).push(exporter);
    this.#grant(granted);
  }

  #took(process: number, batch: number): void {
    const route = this.#routes.get(process);
    for (const datagram of route?.underWay.get(batch) ?? []) (route as Route).bytes -= datagramBytes(datagram);
    route?.underWay.delete(batch);
  }

  #answer(process: number, exporters: readonly string[]): void {
    this.activity++;
    if (!this.#claims.isMember(process)) return;
    const answers = new Map<"granted" | "foreign" | "too_many", string[]>();
    for (const exporter of exporters) {
      const answer = this.#claims.claim(exporter, process);
      if (answer === "too_many") listOf(answers, answer).push(exporter);
      else listOf(answers, answer.owner === process ? "granted" : "foreign").push(exporter);
    }
    for (const [kind, exporters] of answers) this.#tell(process, { kind, exporters });
  }

  #move(process: number, moves: Extract<Tells, { kind: "moved" }>["moves"]): void {
    this.activity++;
    const granted = new Map<number, string[]>();
    for (const [exporter, to] of moves) {
      if (!this.#claims.giveUp(exporter, process) || !this.#claims.hasMembers) continue;
      const answer = this.#claims.claim(exporter, to);
      if (answer !== "too_many") listOf(granted, answer.owner).push(exporter);
    }
    this.#grant(granted);
  }

  #grant(granted: ReadonlyMap<number, readonly string[]>): void {
    for (const [process, exporters] of granted) this.#tell(process, { kind: "granted", exporters });
  }

  /** Brings strays to their exporters' processes; one that nobody has goes to who received it. */
  #bring(datagrams: readonly Datagram[], from: number): void {
    if (datagrams.length === 0) return;
    this.activity++;
    if (!this.#claims.hasMembers) {
      this.#keep(datagrams);
      return;
    }
    const granted = new Map<number, string[]>();
    const strays = new Map<number, Datagram[]>();
    const beyond: Datagram[] = [];
    for (const datagram of datagrams) {
      const { exporter } = datagram;
      let owner = this.#claims.ownerOf(exporter);
      if (owner === null) {
        const answer = this.#claims.claim(exporter, from);
        if (answer === "too_many") {
          beyond.push(datagram);
          continue;
        }
        owner = answer.owner;
        listOf(granted, owner).push(exporter);
      }
      listOf(strays, owner).push(datagram);
    }
    this.#grant(granted);
    for (const [process, datagrams] of strays) this.#deliver(process, datagrams, from);
    const booker = this.#claims.isMember(from) ? from : [...this.#routes.keys()][0];
    if (beyond.length > 0 && booker !== undefined) this.#refuse(booker, beyond, "too_many_exporters");
  }

  #deliver(process: number, datagrams: readonly Datagram[], from: number): void {
    const route = this.#routes.get(process);
    const bytes = datagrams.reduce((sum, datagram) => sum + datagramBytes(datagram), 0);
    if (!route || route.bytes + bytes > UNDELIVERED_MAX_BYTES) {
      this.#refuse(this.#claims.isMember(from) ? from : process, datagrams, "queue_full");
      return;
    }
    const batch = ++this.#lastBatch;
    route.underWay.set(batch, datagrams);
    route.bytes += bytes;
    this.counts.strays += datagrams.length;
    this.#tell(process, { kind: "strays", batch, from, datagrams });
  }

  #refuse(booker: number, datagrams: readonly Datagram[], reason: Refusal["reason"]): void {
    const counts = new Map<string, number>();
    for (const { exporter } of datagrams) counts.set(exporter, (counts.get(exporter) ?? 0) + 1);
    const refusals = [...counts].map(([exporter, count]) => ({ exporter, reason, datagrams: count }));
    this.#tell(booker, { kind: "refused", refusals });
  }

  #keep(datagrams: readonly Datagram[]): void {
    for (const datagram of datagrams) {
      const bytes = datagramBytes(datagram);
      if (this.#homelessBytes + bytes > UNDELIVERED_MAX_BYTES) this.counts.lostStrays++;
      else {
        this.#homeless.push(datagram);
        this.#homelessBytes += bytes;
      }
    }
  }
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}
