import {
  addressText,
  getU64,
  type PopulationScenario,
  SESSION_STATUS_TYPES,
  type SessionBatch,
} from "@v6meter/schemas";
import { loadPopulation } from "./load.ts";
import { createPopulation, type Population, type PopulationDatagram, type PopulationOptions } from "./population.ts";
import type { PopulationTruth } from "./truth.ts";

/** A midnight of Asia/Shanghai. */
export const TEST_FROM_MS = Date.parse("2026-10-01T00:00:00+08:00");

/** A session event as the tests read it. */
export interface ToldEvent {
  readonly status: number;
  readonly atMs: number;
  readonly startedMs: number;
  readonly subscriber: string;
  readonly session: string;
  readonly place: string;
  readonly ipv4: string;
  readonly ports: readonly [number, number];
  /** First 64 bits of the prefixes with their lengths, as hexadecimal digits and a number. */
  readonly prefixes: readonly string[];
}

/** A province that was played to its end. */
export interface PlayedPopulation {
  readonly population: Population;
  readonly truth: PopulationTruth;
  readonly datagrams: readonly PopulationDatagram[];
  readonly events: readonly ToldEvent[];
}

/** The province of the tests, changed as told. */
export function testPopulation(change: (scenario: PopulationScenario) => void = () => {}): PopulationScenario {
  const scenario = structuredClone(loadPopulation());
  change(scenario);
  return scenario;
}

/** Routers that keep time and lose nothing, so that nothing stands between what was done and what is read. */
export function exactRouters(scenario: PopulationScenario): void {
  for (const router of scenario.routers)
    Object.assign(router, {
      clock_offset_ms: 0,
      withheld_share: 0,
      first_template_after_datagrams: 0,
      counter_octets: 8,
    });
}

/** Plays a province and keeps everything. */
export function playPopulation(
  scenario: PopulationScenario,
  options: Partial<PopulationOptions> = {},
): PlayedPopulation {
  const population = createPopulation(scenario, {
    seed: 5,
    subscribers: 2_000,
    fromMs: TEST_FROM_MS,
    days: 2,
    ...options,
  });
  const datagrams: PopulationDatagram[] = [];
  const events: ToldEvent[] = [];
  for (const step of population.steps()) {
    datagrams.push(...step.datagrams);
    for (const batch of step.sessions) readEvents(batch, events);
  }
  return { population, truth: population.truth(), datagrams, events };
}

const hex = (column: Uint32Array, row: number) =>
  [column[2 * row + 1], column[2 * row]].map((word) => (word as number).toString(16).padStart(8, "0")).join("");

/** First 64 bits of the address at a row, as hexadecimal digits. */
export function firstHalf(column: Uint8Array, row: number): string {
  return Buffer.from(column.buffer, column.byteOffset + 16 * row, 8).toString("hex");
}

function readEvents(batch: SessionBatch, events: ToldEvent[]): void {
  const { columns, labels } = batch;
  for (let row = 0; row < batch.rows; row++) {
    const prefixes: string[] = [];
    const framed = columns.framed_ipv6_prefix_length[row] as number;
    const delegated = columns.delegated_ipv6_prefix_length[row] as number;
    if (framed > 0) prefixes.push(`${firstHalf(columns.framed_ipv6_prefix, row)}/${framed}`);
    if (delegated > 0) prefixes.push(`${firstHalf(columns.delegated_ipv6_prefix, row)}/${delegated}`);
    const place = (["operator", "access", "region"] as const).map((name) => labels[name][columns[name][row] as number]);
    events.push({
      status: columns.status_type[row] as number,
      atMs: Number(getU64(columns.event_at, row)),
      startedMs: Number(getU64(columns.started_at, row)),
      subscriber: hex(columns.subscriber, row),
      session: hex(columns.session, row),
      place: place.join("/"),
      ipv4: addressText(columns.framed_ip_address, 16 * row),
      ports: [columns.port_first[row] as number, columns.port_last[row] as number],
      prefixes,
    });
  }
}

/** A time for which a session held something. */
export interface Holding {
  readonly subscriber: string;
  readonly place: string;
  readonly fromMs: number;
  toMs: number;
}

/** Who held what and when, by a key of the events' own; in order of time. */
export function holdings(
  events: readonly ToldEvent[],
  keysOf: (event: ToldEvent) => readonly string[],
): Map<string, Holding[]> {
  const held = new Map<string, Holding[]>();
  for (const event of events)
    for (const key of keysOf(event)) {
      const list = held.get(key) ?? [];
      held.set(key, list);
      if (event.status === SESSION_STATUS_TYPES.start)
        list.push({
          subscriber: event.subscriber,
          place: event.place,
          fromMs: event.atMs,
          toMs: Number.POSITIVE_INFINITY,
        });
      else if (event.status === SESSION_STATUS_TYPES.stop) {
        const open = list.find((it) => it.subscriber === event.subscriber && it.fromMs === event.startedMs);
        if (!open) throw new Error(`${event.session} stops ${key} which it did not hold`);
        open.toMs = event.atMs;
      }
    }
  for (const list of held.values()) list.sort((a, b) => a.fromMs - b.fromMs);
  return held;
}
