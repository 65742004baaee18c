import type { ScenarioRouter } from "@v6meter/schemas";
import type { PopulationCell } from "./cells.ts";
import { OCTETS, SEEN, type Subscribers } from "./subscribers.ts";

/** Bytes as they were sent, before any sampling, by what they count as (TECHNOLOGIES). */
export interface PopulationBytes {
  readonly v4: number;
  readonly v6_native: number;
  readonly v6_transition: number;
}

/** What the subscribers of one region, operator and access type were and did in a day or month (UTC+8). */
export interface PopulationUsers {
  readonly period: "day" | "month";
  /** The day (2026-10-31) or month (2026-10). */
  readonly name: string;
  readonly region: string;
  readonly operator: string;
  readonly access: string;
  /** Accounting told of their sessions. */
  readonly aaa: boolean;
  /** Subscribers with a session. */
  readonly served: number;
  readonly assigned_v6: number;
  /** Given IPv6 and IPv4. */
  readonly dual_stack: number;
  /** Given no IPv6, and of IPv4 only a private address. */
  readonly private_v4_only: number;
  /** Sent anything by IPv6, native or by a transition technology, but ICMP, port 53 and answers to scans. */
  readonly active_v6: number;
  readonly active_v6_native: number;
  readonly active_v4: number;
  /** Given IPv6, active on IPv4 and not on IPv6. */
  readonly prefers_v4: number;
  readonly new_sessions: number;
  /** Of these, given a private IPv4 address. */
  readonly new_sessions_private_v4: number;
  readonly bytes: PopulationBytes;
}

/** What one router sent. */
export interface PopulationRouterTruth {
  readonly name: string;
  readonly exporter: string;
  readonly version: ScenarioRouter["version"];
  readonly samplingRate: number;
  readonly records: number;
  readonly bytes: number;
  readonly packets: number;
  readonly optionsRecords: number;
  readonly templateDatagrams: number;
  readonly withheld: { readonly datagrams: number; readonly records: number };
  readonly restarts: number;
}

/** What was really so: counted from what subscribers did, never read back from what was sampled or encoded. */
export interface PopulationTruth {
  readonly scenario: string;
  readonly seed: number;
  readonly subscribers: number;
  readonly fromMs: number;
  /** Whole days that have passed. */
  readonly days: number;
  readonly sessionEvents: number;
  /** Flows that took place, those no packet of which was sampled among them. */
  readonly flows: number;
  readonly users: readonly PopulationUsers[];
  readonly routers: readonly PopulationRouterTruth[];
}

/** Subscribers by flag: one counter each. */
const METERS = [
  "served",
  "assigned_v6",
  "dual_stack",
  "private_v4_only",
  "active_v6",
  "active_v6_native",
  "active_v4",
  "prefers_v4",
] as const;

/** What is summed as it happens: sessions, then bytes. */
export const SUMS = { newSessions: 0, newSessionsPrivate: 1, v4: 2, v6Native: 3, v6Transition: 4 } as const;
const SUM_COUNT = 5;

/** Counts the truth, day by day. */
export interface TruthCounter {
  /** Adds to a cell's sum of the day; see SUMS. */
  add(cell: number, sum: number, value: number): void;
  /** Ends a day: what each subscriber was seen to be is counted and becomes part of the month. */
  endDay(day: string): void;
  /** Ends a month, after its last day. */
  endMonth(month: string): void;
  readonly users: readonly PopulationUsers[];
}

/** Makes a counter over the subscribers' `today` and `month`. */
export function createTruthCounter(cells: readonly PopulationCell[], subscribers: Subscribers): TruthCounter {
  const sums = { day: new Float64Array(cells.length * SUM_COUNT), month: new Float64Array(cells.length * SUM_COUNT) };
  const users: PopulationUsers[] = [];

  const end = (period: "day" | "month", name: string) => {
    const flags = period === "day" ? subscribers.today : subscribers.month;
    for (const cell of cells) {
      // Few combinations of flags exist: they are counted, then read.
      const counts = new Uint32Array(256);
      for (let s = cell.first; s < cell.first + cell.count; s++) {
        const seen = flags[OCTETS * s] as number;
        counts[seen] = (counts[seen] as number) + 1;
        if (period === "day") subscribers.month[OCTETS * s] = (subscribers.month[OCTETS * s] as number) | seen;
        flags[OCTETS * s] = 0;
      }
      const meters = Object.fromEntries(METERS.map((meter) => [meter, 0])) as Record<(typeof METERS)[number], number>;
      for (let seen = 0; seen < 256; seen++) {
        const n = counts[seen] as number;
        if (n === 0) continue;
        if (seen & SEEN.session) meters.served += n;
        if (seen & SEEN.ipv6) meters.assigned_v6 += n;
        if (seen & SEEN.ipv6 && seen & SEEN.ipv4) meters.dual_stack += n;
        if (!(seen & SEEN.ipv6) && seen & SEEN.privateIpv4) meters.private_v4_only += n;
        if (seen & SEEN.activeIpv6) meters.active_v6 += n;
        if (seen & SEEN.activeIpv6Native) meters.active_v6_native += n;
        if (seen & SEEN.activeIpv4) meters.active_v4 += n;
        if (seen & SEEN.ipv6 && seen & SEEN.activeIpv4 && !(seen & SEEN.activeIpv6)) meters.prefers_v4 += n;
      }
      const own = sums[period].subarray(cell.index * SUM_COUNT, (cell.index + 1) * SUM_COUNT);
      users.push({
        period,
        name,
        region: cell.region.code,
        operator: cell.network.operator,
        access: cell.network.access,
        aaa: cell.aaa,
        ...meters,
        new_sessions: own[SUMS.newSessions] as number,
        new_sessions_private_v4: own[SUMS.newSessionsPrivate] as number,
        bytes: {
          v4: own[SUMS.v4] as number,
          v6_native: own[SUMS.v6Native] as number,
          v6_transition: own[SUMS.v6Transition] as number,
        },
      });
    }
    if (period === "day")
      for (const [i, value] of sums.day.entries()) sums.month[i] = (sums.month[i] as number) + value;
    sums[period].fill(0);
  };

  return {
    add(cell, sum, value) {
      const at = cell * SUM_COUNT + sum;
      sums.day[at] = (sums.day[at] as number) + value;
    },
    endDay: (day) => end("day", day),
    endMonth: (month) => end("month", month),
    users,
  };
}
