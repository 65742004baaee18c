import { setTimeout as delay } from "node:timers/promises";
import type { HostPort, Scenario } from "@v6meter/schemas";
import type { Datagram } from "../encode/datagram.ts";
import type { Province } from "../scenario/day.ts";
import { createPace } from "../scenario/pace.ts";
import { createProvince } from "../scenario/province.ts";
import { createSession } from "../scenario/session.ts";
import { tallyTruth } from "../scenario/tally.ts";
import type { Truth } from "../scenario/truth.ts";
import { openSender } from "./sender.ts";

/** How far a simulation has come. */
export interface SimulationProgress {
  /** Flow records sent. */
  readonly records: number;
  /** Flow records to send, about. */
  readonly recordsWanted: number;
  /** Hour of the simulated day, 0 to 23. */
  readonly hour: number;
}

/** What to simulate and where to send it. */
export interface SimulationOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly to: HostPort;
  /** Flow records, about; the scenario's day is repeated as often as needed. Its own number where left out. */
  readonly records?: number;
  /** Mean flow records a second; within a day the hours differ. Infinity sends as fast as it can. */
  readonly ratePerS: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SimulationProgress) => void;
}

/** Datagrams sent between two looks at the clock at most, so that a receiver's buffer is not run over. */
const BURST_DATAGRAMS = 32;
const PROGRESS_EVERY_MS = 200;

/**
 * Plays the scenario's routers: each sends by UDP from its own 127.x address where the target is on
 * loopback (elsewhere the system chooses one address for all, and the truth names it). Resolves with
 * what was really sent; an abort ends it early, with the truth so far. Throws CONFIG_INVALID for a
 * scenario that cannot be played, ADDRESS_IN_USE where a router's address cannot be sent from.
 */
export async function simulate(options: SimulationOptions): Promise<Truth> {
  const { scenario, seed, ratePerS, signal, onProgress } = options;
  const wanted = options.records ?? scenario.records;
  const province = createProvince(scenario, seed, Math.min(wanted, scenario.records));
  const sender = await openSender(
    province.routers.map(({ spec }) => spec),
    options.to,
  );
  try {
    const startMs = Date.now();
    const sessions = province.routers.map((router) => createSession(router, startMs));
    const { order } = province;
    const pace = createPace(province, ratePerS, startMs);
    let position = 0;
    let records = 0;
    let progressAtMs = 0;
    const report = (now: number) => {
      progressAtMs = now;
      onProgress?.({ records, recordsWanted: wanted, hour: pace.hourAt(position % order.routers.length) });
    };

    while (records < wanted && !signal?.aborted && order.routers.length > 0) {
      const now = Date.now();
      const burst = Math.min(pace.due(now) - position, pace.burst(BURST_DATAGRAMS));
      for (let i = 0; i < burst && records < wanted; i++, position++) {
        const at = position % order.routers.length;
        const router = order.routers[at] as number;
        const index = order.datagrams[at] as number;
        sessions[router]?.export(index, now, sender.sendFrom[router] as (bytes: Buffer) => boolean);
        const { datagrams, withheld } = province.routers[router] as Province["routers"][number];
        if (!withheld[index]) records += (datagrams[index] as Datagram).records;
      }
      await sender.drained();
      await sender.receiverKeptUp(signal);
      if (now - progressAtMs >= PROGRESS_EVERY_MS) report(now);
      if (position >= pace.due(Date.now())) await delay(1);
    }
    report(Date.now());
    return tallyTruth(province, sessions, sender.addresses);
  } finally {
    sender.close();
  }
}
