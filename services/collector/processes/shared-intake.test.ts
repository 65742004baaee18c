import { setImmediate as turn } from "node:timers/promises";
import { Random } from "@v6meter/random";
import type { LedgerDelta } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { Coordinator } from "./coordinator.ts";
import type { Datagram, Tells, Told } from "./messages.ts";
import { SharedIntake } from "./shared-intake.ts";

const numberOf = ({ payload }: Datagram) => new DataView(payload.buffer).getUint32(0);

/** A process without sockets, decoder and bus: what it decodes is published when the town says so. */
class Citizen {
  readonly id: number;
  readonly intake: SharedIntake;
  readonly toParent: Tells[] = [];
  readonly toChild: Told[] = [];
  readonly following = new Set<string>();
  readonly booked: LedgerDelta[] = [];
  unpublished: Datagram[] = [];
  readonly publishing: { datagrams: Datagram[]; done(published: boolean): void }[] = [];
  isAlive = true;

  constructor(id: number, town: Town) {
    this.id = id;
    this.intake = new SharedIntake({
      decode: (datagram) => {
        expect(this.following, `${id} decodes what it has`).toContain(datagram.exporter);
        this.unpublished.push(datagram);
      },
      book: (...deltas) => this.booked.push(...deltas),
      load: async (exporter) => {
        for (const other of town.alive()) expect(other.has(exporter), `${other.id} and ${id}: ${exporter}`).toBe(false);
        this.following.add(exporter);
      },
      release: (exporter) => {
        if (this.unpublished.some((datagram) => datagram.exporter === exporter)) return false;
        return this.following.delete(exporter);
      },
      tell: (message) => this.toParent.push(message),
      mayTellStrays: () => true,
      failed: (error) => {
        throw error;
      },
    });
  }

  /** It decodes the exporter, or what it decoded of it is not on the bus yet. */
  has(exporter: string): boolean {
    return (
      this.following.has(exporter) ||
      this.publishing.some(({ datagrams }) => datagrams.some((datagram) => datagram.exporter === exporter))
    );
  }

  tick(nowMs: number): void {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.publishing.push({ datagrams: this.unpublished, done: resolve });
    this.unpublished = [];
    void this.intake.move(nowMs, promise);
  }
}

/** Processes and their coordinator; messages take their time, publishes as well, in an order of chance. */
class Town {
  readonly random: Random;
  readonly citizens: Citizen[] = [];
  readonly coordinator: Coordinator;
  readonly published: Datagram[] = [];
  /** Which processes each datagram was in. */
  readonly touched: number[][] = [];
  nowMs = 1_000_000;
  #lastId = 0;

  constructor(seed: number, size: number, maxExporters = 1_000) {
    this.random = new Random(seed);
    this.coordinator = new Coordinator({
      maxExporters,
      tell: (id, message) => this.citizens.find((it) => it.id === id)?.toChild.push(message),
    });
    for (let i = 0; i < size; i++) this.join();
  }

  alive(): Citizen[] {
    return this.citizens.filter(({ isAlive }) => isAlive);
  }

  any(): Citizen {
    const alive = this.alive();
    return alive[this.random.below(alive.length)] as Citizen;
  }

  join(): void {
    const citizen = new Citizen(++this.#lastId, this);
    this.citizens.push(citizen);
    this.coordinator.join(citizen.id);
  }

  kill(citizen: Citizen): void {
    citizen.isAlive = false;
    // The parent hears the rest of what it told, then that it has ended.
    for (const message of citizen.toParent.splice(0)) this.coordinator.hear(citizen.id, message, this.nowMs);
    this.coordinator.leave(citizen.id, this.nowMs);
  }

  receive(exporter: string, by: Citizen): void {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, this.touched.length);
    this.touched.push([by.id]);
    by.intake.receive({ exporter, port: 1, receivedAtMs: this.nowMs, payload });
  }

  /** Delivers one message or ends one publish; false where there is nothing under way. */
  async step(): Promise<boolean> {
    await turn();
    const ways = this.alive().flatMap((citizen) => [
      ...(citizen.toParent.length > 0 ? [() => this.#toParent(citizen)] : []),
      ...(citizen.toChild.length > 0 ? [() => this.#toChild(citizen)] : []),
      ...(citizen.publishing.length > 0 ? [() => this.#publish(citizen)] : []),
    ]);
    if (ways.length === 0) return false;
    (ways[this.random.below(ways.length)] as () => void)();
    return true;
  }

  #toParent(citizen: Citizen): void {
    this.coordinator.hear(citizen.id, citizen.toParent.shift() as Tells, this.nowMs);
  }

  #toChild(citizen: Citizen): void {
    const message = citizen.toChild.shift() as Told;
    if (message.kind === "strays")
      for (const datagram of message.datagrams) this.touched[numberOf(datagram)]?.push(citizen.id);
    citizen.intake.hear(message);
  }

  #publish(citizen: Citizen): void {
    const { datagrams, done } = citizen.publishing.shift() as Citizen["publishing"][number];
    this.published.push(...datagrams);
    done(true);
  }

  /** Until nothing is under way and everything is published. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const before = `${this.coordinator.activity} ${this.published.length}`;
      for (const citizen of this.alive()) {
        citizen.intake.close();
        citizen.tick(this.nowMs);
      }
      while (await this.step());
      quiet = before === `${this.coordinator.activity} ${this.published.length}` ? quiet + 1 : 0;
    }
  }
}

/** Datagrams of exporters whose process of reception changes now and then, as when the kernel spreads them anew. */
async function live(town: Town, { deaths }: { deaths: number }): Promise<void> {
  const exporters = Array.from({ length: 12 }, (_, i) => `192.0.2.${i}`);
  let receivers = exporters.map(() => town.any());
  for (let round = 0; round < 1_500; round++) {
    town.nowMs += 40;
    if (round % 250 === 249) receivers = exporters.map(() => town.any());
    if (deaths > 0 && round % Math.floor(1_500 / deaths) === 100) {
      const victim = town.any();
      town.kill(victim);
      town.join();
      receivers = receivers.map((it) => (it === victim ? town.any() : it));
    }
    const at = town.random.below(exporters.length);
    // A second port that the kernel gives to whom it will.
    const by = town.random.below(20) === 0 ? town.any() : (receivers[at] as Citizen);
    town.receive(exporters[at] as string, by);
    if (town.random.below(10) === 0) town.any().tick(town.nowMs);
    for (let i = town.random.below(4); i > 0; i--) await town.step();
  }
  await town.settle();
}

test.each([1, 2, 3, 4, 5, 6])(
  "seed %d: every datagram is decoded once, by who has its exporter alone",
  async (seed) => {
    const town = new Town(seed, 4);
    await live(town, { deaths: 0 });
    const numbers = town.published.map(numberOf).toSorted((a, b) => a - b);
    expect(numbers).toEqual(town.touched.map((_, i) => i));
    expect(town.coordinator.counts.strays).toBeGreaterThan(0);
    expect(town.coordinator.claims).toBe(12);
    expect(town.citizens.flatMap(({ booked }) => booked)).toEqual([]);
  },
);

test.each([1, 2, 3, 4, 5, 6])(
  "seed %d: of processes that die only what was in them is lost, and nothing is there twice",
  async (seed) => {
    const town = new Town(seed, 4);
    await live(town, { deaths: 6 });
    const numbers = town.published.map(numberOf);
    expect(new Set(numbers).size).toBe(numbers.length);
    const there = new Set(numbers);
    const dead = new Set(town.citizens.filter(({ isAlive }) => !isAlive).map(({ id }) => id));
    const lost = town.touched.flatMap((_, i) => (there.has(i) ? [] : [i]));
    expect(lost.filter((i) => !town.touched[i]?.some((id) => dead.has(id)))).toEqual([]);
    expect(lost.length).toBeLessThan(town.touched.length / 4);
  },
);

test("an exporter that others receive for five seconds moves to who receives it, and each datagram is decoded once", async () => {
  const town = new Town(7, 2);
  const [first, second] = town.citizens as [Citizen, Citizen];
  const round = async (by: Citizen) => {
    town.nowMs += 500;
    town.receive("192.0.2.1", by);
    for (const citizen of town.citizens) citizen.tick(town.nowMs);
    while (await town.step());
  };
  await round(first);
  for (let i = 0; i < 10; i++) await round(second);
  expect([first.has("192.0.2.1"), second.has("192.0.2.1")]).toEqual([true, false]);
  for (let i = 0; i < 3; i++) await round(second);
  expect([first.has("192.0.2.1"), second.has("192.0.2.1")]).toEqual([false, true]);
  const { strays } = town.coordinator.counts;
  for (let i = 0; i < 5; i++) await round(second);
  expect(town.coordinator.counts.strays).toBe(strays);
  await town.settle();
  expect(town.published.map(numberOf)).toEqual(town.touched.map((_, i) => i));
});

test("an exporter with two ports at two processes stays where it is", async () => {
  const town = new Town(8, 2);
  const [first, second] = town.citizens as [Citizen, Citizen];
  for (let i = 0; i < 60; i++) {
    town.nowMs += 250;
    town.receive("192.0.2.1", i % 2 === 0 ? first : second);
    for (const citizen of town.citizens) citizen.tick(town.nowMs);
    while (await town.step());
  }
  expect([first.has("192.0.2.1"), second.has("192.0.2.1")]).toEqual([true, false]);
});

test("an exporter beyond the number allowed is booked to the unspecified address, and asked for again", async () => {
  const town = new Town(9, 2, 1);
  const [first, second] = town.citizens as [Citizen, Citizen];
  town.receive("192.0.2.1", first);
  while (await town.step());
  town.receive("192.0.2.2", second);
  while (await town.step());
  const counts = (outcome: string, reason: string) =>
    second.booked
      .filter((delta) => delta.exporter === "::" && delta.outcome === outcome && delta.reason === reason)
      .reduce((sum, { count }) => sum + count, 0);
  expect([counts("received", ""), counts("dropped", "too_many_exporters")]).toEqual([1, 1]);
  first.following.delete("192.0.2.1");
  first.intake.forgotten(["192.0.2.1"]);
  first.tick(town.nowMs);
  while (await town.step());
  for (let i = 0; i < 3; i++) {
    town.nowMs += 4_000;
    town.receive("192.0.2.2", second);
    while (await town.step());
  }
  expect(second.has("192.0.2.2")).toBe(true);
  await town.settle();
  expect(counts("received", "") + town.published.length).toBe(town.touched.length);
});

test("without the coordinator what is another's is booked as dropped, what is its own is decoded", async () => {
  const town = new Town(10, 2);
  const [first, second] = town.citizens as [Citizen, Citizen];
  town.receive("192.0.2.1", first);
  town.receive("192.0.2.2", second);
  while (await town.step());
  town.receive("192.0.2.2", first);
  while (await town.step());
  town.receive("192.0.2.2", first);
  town.receive("192.0.2.3", first);
  first.intake.leaveAlone();
  for (const exporter of ["192.0.2.1", "192.0.2.2", "192.0.2.4"]) town.receive(exporter, first);
  await first.intake.settled();
  const dropped = first.booked.filter(({ outcome }) => outcome === "dropped");
  expect(dropped.map(({ exporter, reason, count }) => [exporter, reason, count])).toEqual([
    ["192.0.2.2", "queue_full", 1],
    ["192.0.2.3", "queue_full", 1],
    ["192.0.2.2", "queue_full", 1],
    ["192.0.2.4", "queue_full", 1],
  ]);
  expect(first.unpublished).toHaveLength(2);
});

test("what cannot be held while an answer is awaited, or handed on, is booked as dropped", async () => {
  const told: Tells[] = [];
  const booked: LedgerDelta[] = [];
  const decoded: Datagram[] = [];
  let mayTell = true;
  const intake = new SharedIntake({
    decode: (datagram) => decoded.push(datagram),
    book: (...deltas) => booked.push(...deltas),
    load: async () => {},
    release: () => true,
    tell: (message) => told.push(message),
    mayTellStrays: () => mayTell,
    failed: (error) => {
      throw error;
    },
  });
  const receive = (exporter: string, bytes: number) =>
    intake.receive({ exporter, port: 1, receivedAtMs: 1, payload: new Uint8Array(bytes) });
  const dropped = () =>
    booked.filter(({ outcome }) => outcome === "dropped").map(({ exporter, reason }) => [exporter, reason]);
  receive("192.0.2.1", 20_000_000);
  receive("192.0.2.2", 20_000_000);
  expect(dropped()).toEqual([["192.0.2.2", "queue_full"]]);
  intake.hear({ kind: "granted", exporters: ["192.0.2.1"] });
  intake.hear({ kind: "foreign", exporters: ["192.0.2.2"] });
  await intake.settled();
  expect(decoded).toHaveLength(1);
  // What was held is decoded, so there is room again.
  receive("192.0.2.3", 20_000_000);
  mayTell = false;
  receive("192.0.2.2", 10);
  expect(dropped()).toEqual([
    ["192.0.2.2", "queue_full"],
    ["192.0.2.2", "queue_full"],
  ]);
  mayTell = true;
  receive("192.0.2.2", 10);
  intake.flush();
  expect(told.at(-1)).toMatchObject({ kind: "strays", datagrams: [{ exporter: "192.0.2.2" }] });
});
