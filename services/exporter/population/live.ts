import { setTimeout as delay } from "node:timers/promises";
import { type AaaCoverage, api, Fault, type HostPort, type PopulationScenario } from "@v6meter/schemas";
import { openSender } from "../simulate/sender.ts";
import { type AccountingCounts, openAccountingClient } from "./accounting-client.ts";
import { type AccountingEvent, type AccountingFeed, createAccountingFeed } from "./accounting-feed.ts";
import { createPopulation, type PopulationDatagram } from "./population.ts";
import type { PopulationTruth } from "./truth.ts";

const DAY_MS = 86_400_000;
/** In real time a step is drawn a minute ahead; compressed, a quarter of an hour. */
const STEP_MS = { real: 60_000, compressed: 900_000 } as const;
const BURST_DATAGRAMS = 32;
/** Days of the shortest month: what is played compressed lies within one. */
const DAYS_MAX = 28;

/** Where accounting goes. */
export interface LiveAccounting {
  readonly to: HostPort;
  readonly secret: Uint8Array;
}

/** What is played live. */
export interface LiveOptions {
  readonly scenario: PopulationScenario;
  readonly seed: number;
  readonly to: HostPort;
  /** No accounting is sent where left out. */
  readonly accounting?: LiveAccounting;
  readonly subscribers?: number;
  readonly days: number;
  /** Simulated seconds a second; 1 is real time and begins at the present hour. */
  readonly speed: number;
  readonly samplingRate?: number;
  readonly aaa?: AaaCoverage;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly day: number; readonly hour: number; readonly datagrams: number }) => void;
}

/** What came of it. */
export interface LiveResult {
  readonly truth: PopulationTruth;
  readonly datagrams: number;
  readonly accounting: Readonly<AccountingCounts> | null;
}

/**
 * Plays a province against a collector, and a session collector if there is one. Everything is stamped with the
 * present, as it is booked by the time it is received: compressed, the days pass by within minutes and are told
 * as these minutes, so that the truth's month is what is to be found in them; no prefix is handed on then. Real time ends at midnight after
 * `days` have begun. Resolves with the truth so far; an abort ends it early. Throws CONFIG_INVALID and
 * ADDRESS_IN_USE as openSender does.
 */
export async function playLive(options: LiveOptions): Promise<LiveResult> {
  const { scenario, seed, to, days, speed, signal, onProgress } = options;
  const realTime = speed === 1;
  if (!realTime && days > DAYS_MAX)
    throw new Fault("CONFIG_INVALID", `Compressed, 1 to ${DAYS_MAX} days are played, not ${days}.`);
  const startMs = Date.now();
  const midnightMs = Math.floor((startMs + api.ZONE_OFFSET_MS) / DAY_MS) * DAY_MS - api.ZONE_OFFSET_MS;
  const now = new Date(startMs + api.ZONE_OFFSET_MS);
  const monthMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) - api.ZONE_OFFSET_MS;
  const fromMs = realTime ? midnightMs : monthMs;
  const clock = (ms: number) => (realTime ? ms : Math.round(startMs + (ms - fromMs) / speed));

  let feed: AccountingFeed | undefined;
  const population = createPopulation(realTime ? scenario : withoutHandovers(scenario), {
    ...options,
    seed,
    fromMs,
    days,
    clock,
    ...(realTime ? { beginMs: startMs } : {}),
    stepMs: realTime ? STEP_MS.real : STEP_MS.compressed,
    ...(options.accounting ? {} : { aaa: "none" as const }),
    feed: (parts) => {
      feed = createAccountingFeed(parts);
      return feed;
    },
  });
  const sender = await openSender(population.exporters, to);
  const accounting = options.accounting
    ? await openAccountingClient(population.cells, options.accounting.to, options.accounting.secret).catch(
        (error: unknown) => {
          sender.close();
          throw error;
        },
      )
    : null;

  let datagrams = 0;
  try {
    for (const step of population.steps()) {
      if (signal?.aborted) break;
      const events = feed?.take() ?? [];
      let burst = 0;
      for (const item of inOrder(events, step.datagrams)) {
        if (signal?.aborted) break;
        const waitMs = item.atMs - Date.now();
        if (waitMs > 2) {
          await sender.drained();
          await delay(waitMs, undefined, signal ? { signal } : {}).catch(() => {});
        }
        if ("encode" in item) {
          await accounting?.send(item);
          continue;
        }
        sender.sendFrom[item.router]?.(item.bytes);
        datagrams++;
        if (++burst % BURST_DATAGRAMS === 0) {
          await sender.drained();
          await sender.receiverKeptUp(signal);
        }
      }
      await sender.drained();
      const second = Math.floor((step.fromMs - fromMs) / 1_000);
      onProgress?.({ day: Math.floor(second / 86_400) + 1, hour: Math.floor((second % 86_400) / 3_600), datagrams });
    }
    if (!signal?.aborted) await accounting?.settled();
    return { truth: population.truth(), datagrams, accounting: accounting ? { ...accounting.counts } : null };
  } finally {
    sender.close();
    accounting?.close();
  }
}

/**
 * Accounting tells whole seconds (RFC 2869 §5.3), of which one holds minutes of compressed time: who held a prefix
 * that was handed on within seconds could not be told.
 */
function withoutHandovers(scenario: PopulationScenario): PopulationScenario {
  const habits = structuredClone(scenario.habits);
  for (const habit of Object.values(habits)) habit.handover_share = 0;
  return { ...scenario, habits };
}

/** What is told to accounting goes before what routers send of the same moment. */
function* inOrder(
  events: readonly AccountingEvent[],
  datagrams: readonly PopulationDatagram[],
): Generator<AccountingEvent | PopulationDatagram> {
  let i = 0;
  for (const datagram of datagrams) {
    while (i < events.length && (events[i] as AccountingEvent).atMs <= datagram.atMs)
      yield events[i++] as AccountingEvent;
    yield datagram;
  }
  while (i < events.length) yield events[i++] as AccountingEvent;
}
