import { Random } from "@v6meter/random";
import {
  type AaaCoverage,
  addressBytes,
  api,
  Fault,
  type PopulationScenario,
  SESSION_STATUS_TYPES,
  type SessionBatch,
} from "@v6meter/schemas";
import { AGENDA_BYTES, Agenda } from "./agenda.ts";
import { createPopulationCells, type PopulationCell } from "./cells.ts";
import { drawExponential } from "./chance.ts";
import { createPopulationRouter, type PopulationRouter } from "./router.ts";
import {
  createSessionColumnsFeed,
  type SessionColumnsFeed,
  type SessionFeed,
  type SessionFeedOptions,
} from "./session-columns.ts";
import {
  CONDUCTS,
  createSubscribers,
  HALVES,
  IPV4_KINDS,
  NEVER,
  OCTETS,
  SEEN,
  STATES,
  TRAITS,
  WORDS,
} from "./subscribers.ts";
import { createAddresses, createPopulationTraffic } from "./traffic.ts";
import { createTruthCounter, type PopulationTruth, SUMS } from "./truth.ts";

const DAY_MS = 86_400_000;
const DAY_S = 86_400;
/** Days end this much before midnight for new flows, so that what is exported belongs to the day. */
const LAST_FLOW_S = DAY_S - 420;

/** What a province is to be played as. */
export interface PopulationOptions {
  readonly seed: number;
  /** Beginning in ms, a midnight of Asia/Shanghai. */
  readonly fromMs: number;
  readonly days: number;
  /** The scenario's where left out. */
  readonly subscribers?: number;
  /** One packet in so many at every router; the routers' own where left out. */
  readonly samplingRate?: number;
  /** The scenario's where left out. */
  readonly aaa?: AaaCoverage;
  /** Length of a step in virtual time, a part of a day; 15 minutes where left out. */
  readonly stepMs?: number;
  /** When within the first day it begins; at its midnight where left out. */
  readonly beginMs?: number;
  /** The time that is stamped and told at a moment of the simulation: the same where left out. */
  readonly clock?: (ms: number) => number;
  /** The keyed hash of an identity; numbers that belong to no key where left out. */
  readonly hash?: (identity: string) => bigint;
  /** What accounting is told goes there instead of into the steps' columns. */
  readonly feed?: (options: SessionFeedOptions) => SessionFeed;
}

/** A datagram on its way. */
export interface PopulationDatagram {
  /** Index of the router. */
  readonly router: number;
  readonly bytes: Buffer;
  readonly atMs: number;
}

/** A quarter of an hour, or whatever the steps are. */
export interface PopulationStep {
  readonly fromMs: number;
  /** The moment it is over. */
  readonly atMs: number;
  /** What accounting was told, in order of time; filled anew in the next step. */
  readonly sessions: readonly SessionBatch[];
  /** In order of time. */
  readonly datagrams: readonly PopulationDatagram[];
}

/** A simulated province of subscribers in virtual time. */
export interface Population {
  /** Subscribers there are: about as many as asked for. */
  readonly subscribers: number;
  /** Memory a subscriber takes. */
  readonly bytesPerSubscriber: number;
  /** Addresses the routers send from, in the order of PopulationDatagram.router. */
  readonly exporters: readonly { readonly name: string; readonly address: string; readonly bytes: Uint8Array }[];
  readonly cells: readonly PopulationCell[];
  /** The steps, one after the other, once. */
  steps(): Generator<PopulationStep>;
  /** Of the days that are over. */
  truth(): PopulationTruth;
}

/**
 * Makes a province: the same scenario, seed and options give the same bytes and the same truth. Throws
 * CONFIG_INVALID for a scenario or options it cannot be played with.
 */
export function createPopulation(scenario: PopulationScenario, options: PopulationOptions): Population {
  const { seed, fromMs, days, hash, feed } = options;
  const stepMs = options.stepMs ?? 900_000;
  const beginMs = options.beginMs ?? fromMs;
  const clock = options.clock ?? ((ms: number) => ms);
  if ((fromMs + api.ZONE_OFFSET_MS) % DAY_MS !== 0)
    throw new Fault("CONFIG_INVALID", `A province begins at a midnight of Asia/Shanghai, not at ${fromMs} ms.`);
  if (stepMs < 60_000 || DAY_MS % stepMs !== 0 || stepMs % 1_000 !== 0)
    throw new Fault("CONFIG_INVALID", `A step of ${stepMs} ms is no whole part of a day of a minute or more.`);
  if (days < 1 || days > 490)
    throw new Fault("CONFIG_INVALID", `A province is played for 1 to 490 days, not for ${days}.`);
  if (beginMs < fromMs || beginMs >= fromMs + DAY_MS)
    throw new Fault("CONFIG_INVALID", `A province begins on its first day, not at ${beginMs} ms.`);
  for (const { name, version, sampling } of scenario.routers)
    if (version === 5 && sampling.told === "header" && (options.samplingRate ?? sampling.rate) > 16_383)
      throw new Fault(
        "CONFIG_INVALID",
        `${name}: a sampling rate of 1:${options.samplingRate} is beyond a v5 header's 16383.`,
      );

  const random = new Random(seed, 1);
  const cells = createPopulationCells(scenario, {
    seed,
    subscribers: options.subscribers ?? scenario.subscribers,
    aaa: options.aaa ?? scenario.aaa,
  });
  const addresses = createAddresses(cells);
  const subscribers = createSubscribers(cells, random);
  const truth = createTruthCounter(cells, subscribers);
  const parts = { cells, addresses, subscribers, fromMs, clock };
  const columns: SessionColumnsFeed | null = feed ? null : createSessionColumnsFeed(parts, hash);
  const told: SessionFeed = columns ?? (feed as NonNullable<typeof feed>)(parts);

  let datagrams: PopulationDatagram[] = [];
  const routers: PopulationRouter[] = scenario.routers.map((spec, router) =>
    createPopulationRouter({
      spec,
      cells: cells.filter(({ network, region }) =>
        spec.traffic.some(
          ({ operator, access, regions }) =>
            operator === network.operator && access === network.access && (regions?.includes(region.code) ?? true),
        ),
      ),
      samplingRate: options.samplingRate ?? spec.sampling.rate,
      startMs: beginMs,
      clock,
      random: new Random(seed, 1_000 + router),
      send: (bytes, atMs) => datagrams.push({ router, bytes, atMs }),
    }),
  );
  const traffic = createPopulationTraffic({ scenario, cells, addresses, subscribers, routers, truth, random, fromMs });

  const { sessionAt, flowAt, dueAt, state, startedAt, flows, traits, today, prefix, ipv4, octets } = subscribers;
  let sessionEvents = 0;
  let daysOver = 0;
  /** Months since the first, for growth. */
  let monthsIn = 0;

  const tell = (cell: PopulationCell, status: number, s: number, nowMs: number) => {
    if (!cell.aaa) return;
    sessionEvents++;
    told.tell(status, s, nowMs);
  };

  /** When the session changes next, or tells how far it is. */
  const schedule = (cell: PopulationCell, s: number, now: number) => {
    const perDay = cell.newSessionsPerDay;
    const gap = perDay > 0 ? drawExponential(random, (100 * DAY_S) / perDay) : Number.POSITIVE_INFINITY;
    const interim = cell.habits.interim_h > 0 ? cell.habits.interim_h * 360_000 : Number.POSITIVE_INFINITY;
    state[OCTETS * s] =
      interim < gap ? (state[OCTETS * s] as number) | STATES.interim : (state[OCTETS * s] as number) & ~STATES.interim;
    sessionAt[WORDS * s] = Math.min(NEVER, now + Math.max(200, Math.floor(Math.min(gap, interim))));
  };

  const ipv4Pool = (cell: PopulationCell, kind: number) =>
    kind === IPV4_KINDS.own ? cell.own : kind === IPV4_KINDS.port_block ? cell.blocks : cell.private;

  const markServed = (s: number) => {
    const kind = (traits[OCTETS * s] as number) & TRAITS.ipv4;
    let seen: number = SEEN.session;
    if ((state[OCTETS * s] as number) & STATES.ipv6) seen |= SEEN.ipv6;
    if (kind !== IPV4_KINDS.none) seen |= SEEN.ipv4;
    if (kind === IPV4_KINDS.private || kind === IPV4_KINDS.shared) seen |= SEEN.privateIpv4;
    today[OCTETS * s] = (today[OCTETS * s] as number) | seen;
  };

  const begin = (cell: PopulationCell, s: number, now: number) => {
    const kind = (traits[OCTETS * s] as number) & TRAITS.ipv4;
    const share = cell.ipv6Share + cell.network.ipv6_growth_per_month * monthsIn;
    // Who has no IPv4 is given IPv6 in any case.
    const given = kind === IPV4_KINDS.none || (subscribers.ipv6Above[HALVES * s] as number) < share * 65_536;
    state[OCTETS * s] = given
      ? (state[OCTETS * s] as number) | STATES.ipv6
      : (state[OCTETS * s] as number) & ~STATES.ipv6;
    if (given) {
      const handedOver = random.next() < cell.habits.handover_share ? cell.prefixes.takeReturned(now) : -1;
      prefix[WORDS * s] = handedOver >= 0 ? handedOver : cell.prefixes.takeFresh();
    }
    if (kind !== IPV4_KINDS.none) {
      const pool = ipv4Pool(cell, kind);
      const held = ipv4[WORDS * s] as number;
      const returned = pool.takeReturned(now);
      if (returned >= 0 || held === NEVER || !pool.isFull) {
        ipv4[WORDS * s] = returned >= 0 ? returned : pool.takeFresh();
        if (held !== NEVER) pool.giveBack(held, now + 200);
      }
    }
    startedAt[WORDS * s] = now;
    for (let at = WORDS * s; at < WORDS * s + 4; at++) octets[at] = 0;
    tell(cell, SESSION_STATUS_TYPES.start, s, fromMs + 10 * now);
    markServed(s);
    truth.add(cell.index, SUMS.newSessions, 1);
    if (kind === IPV4_KINDS.private || kind === IPV4_KINDS.shared) truth.add(cell.index, SUMS.newSessionsPrivate, 1);
    schedule(cell, s, now);
  };

  const session = (cell: PopulationCell, s: number, now: number) => {
    if (startedAt[WORDS * s] === NEVER) begin(cell, s, now);
    else if ((state[OCTETS * s] as number) & STATES.interim) {
      tell(cell, SESSION_STATUS_TYPES.interim_update, s, fromMs + 10 * now);
      schedule(cell, s, now);
    } else if (cell.habits.new_sessions_when_active && !((state[OCTETS * s] as number) & STATES.active))
      schedule(cell, s, now);
    else {
      tell(cell, SESSION_STATUS_TYPES.stop, s, fromMs + 10 * now);
      // Handed on within seconds.
      if ((state[OCTETS * s] as number) & STATES.ipv6)
        cell.prefixes.giveBack(prefix[WORDS * s] as number, now + 100 + random.below(400));
      startedAt[WORDS * s] = NEVER;
      sessionAt[WORDS * s] = now + 100 + Math.floor(drawExponential(random, 100 * cell.habits.gap_s));
    }
  };

  /** When the next of the day's flows ends: the smallest of those still to come. */
  const scheduleFlow = (cell: PopulationCell, s: number, dayStart: number, secondOfDay: number) => {
    const left = flows[OCTETS * s] as number;
    if (left === 0) {
      flowAt[WORDS * s] = NEVER;
      return;
    }
    const before = cell.curve.before(secondOfDay);
    const part = before + (1 - before) * (1 - (1 - random.next()) ** (1 / left));
    const second = Math.max(secondOfDay + 1, cell.curve.at(part));
    flowAt[WORDS * s] =
      second < LAST_FLOW_S ? dayStart + Math.floor(100 * second) : dayStart + 100 * LAST_FLOW_S + random.below(30_000);
  };

  const flow = (cell: PopulationCell, s: number, now: number, dayStart: number) => {
    const secondOfDay = (now - dayStart) / 100;
    if (startedAt[WORDS * s] === NEVER || (startedAt[WORDS * s] as number) + 100 > now) {
      // It waits for the session, or does not take place today.
      const at =
        (startedAt[WORDS * s] === NEVER ? (sessionAt[WORDS * s] as number) : (startedAt[WORDS * s] as number)) +
        100 +
        random.below(400);
      flowAt[WORDS * s] = at < dayStart + 100 * (LAST_FLOW_S + 300) ? at : NEVER;
      return;
    }
    const left = flows[OCTETS * s] as number;
    flows[OCTETS * s] = left - 1;
    const scanned = ((state[OCTETS * s] as number) & STATES.scanned) !== 0;
    if (scanned && left === 1) traffic.scan(s, fromMs + 10 * now);
    else traffic.flow(s, scanned ? left - 1 : left, fromMs + 10 * now, secondOfDay);
    scheduleFlow(cell, s, dayStart, Math.min(secondOfDay, LAST_FLOW_S));
  };

  const beginDay = (dayStart: number, second: number) => {
    for (const cell of cells)
      for (let s = cell.first; s < cell.first + cell.count; s++) {
        const conduct = ((traits[OCTETS * s] as number) >> TRAITS.conduct) & TRAITS.conductMask;
        const active = conduct !== CONDUCTS.silent && random.below(255) < (subscribers.activeDay[OCTETS * s] as number);
        const scanned = random.next() < scenario.scans.per_subscriber_day;
        state[OCTETS * s] =
          ((state[OCTETS * s] as number) & ~(STATES.active | STATES.scanned)) |
          (active ? STATES.active : 0) |
          (scanned ? STATES.scanned : 0);
        let toCome = active ? cell.habits.records_per_active_day : 0;
        if (second > 0) {
          // Of a day that has begun, what is still to come; the first session begins within half an hour.
          const past = cell.curve.before(second);
          for (let i = toCome; i > 0; i--) if (random.next() < past) toCome--;
          sessionAt[WORDS * s] = (sessionAt[WORDS * s] as number) + 100 * second;
        }
        flows[OCTETS * s] = toCome + (scanned ? 1 : 0);
        if (startedAt[WORDS * s] !== NEVER) markServed(s);
        scheduleFlow(cell, s, dayStart, second);
        dueAt[s] = Math.min(sessionAt[WORDS * s] as number, flowAt[WORDS * s] as number);
      }
  };

  function* steps(): Generator<PopulationStep> {
    const stepS = stepMs / 1_000;
    const agenda = new Agenda(subscribers, stepS);
    const stepsADay = DAY_MS / stepMs;
    for (let day = 0; day < days; day++) {
      const dayStart = 100 * DAY_S * day;
      const dayMs = fromMs + DAY_MS * day;
      monthsIn = monthsBetween(fromMs, dayMs);
      const firstStep = day === 0 ? Math.floor((beginMs - fromMs) / stepMs) : 0;
      beginDay(dayStart, stepS * firstStep);
      for (let step = firstStep; step < stepsADay; step++) {
        datagrams = [];
        const start = dayStart + 100 * stepS * step;
        const end = start + 100 * stepS;
        agenda.begin(start);
        for (let second = 0; second < stepS; second++) {
          const secondMs = fromMs + 10 * (start + 100 * second);
          if (second % scenario.export_s === 0) for (const router of routers) router.flush(secondMs);
          if (day === 0 && (step * stepS + second) % 3_600 === 0)
            for (const router of routers)
              if (router.spec.restart_at_hour === (step * stepS + second) / 3_600) router.restart(secondMs);
          agenda.each(second, (s, c) => {
            const cell = cells[c] as PopulationCell;
            const at = Math.max(start, dueAt[s] as number);
            if ((sessionAt[WORDS * s] as number) <= at) session(cell, s, at);
            else flow(cell, s, at, dayStart);
            const again = Math.min(sessionAt[WORDS * s] as number, flowAt[WORDS * s] as number);
            dueAt[s] = again;
            if (again < end) agenda.add(Math.max(second, Math.floor((again - start) / 100)), s);
          });
        }
        const atMs = fromMs + 10 * end;
        for (const router of routers) router.flush(atMs - 1);
        if (step === stepsADay - 1) {
          truth.endDay(dayName(dayMs));
          daysOver = day + 1;
          if (day === days - 1 || dayName(dayMs).slice(0, 7) !== dayName(dayMs + DAY_MS).slice(0, 7))
            truth.endMonth(dayName(dayMs).slice(0, 7));
        }
        yield { fromMs: fromMs + 10 * start, atMs, sessions: columns?.take() ?? [], datagrams };
      }
    }
  }

  return {
    subscribers: subscribers.count,
    bytesPerSubscriber: subscribers.bytesEach + AGENDA_BYTES,
    exporters: scenario.routers.map(({ name, address }) => ({
      name,
      address,
      bytes: addressBytes(address) as Uint8Array,
    })),
    cells,
    steps,
    truth: () => ({
      scenario: scenario.name,
      seed,
      subscribers: subscribers.count,
      fromMs,
      days: daysOver,
      sessionEvents,
      flows: traffic.flows,
      users: truth.users,
      routers: routers.map((router) => ({
        name: router.spec.name,
        exporter: router.spec.address,
        version: router.spec.version,
        samplingRate: router.spec.sampling.rate,
        records: router.records,
        bytes: router.bytes,
        packets: router.packets,
        optionsRecords: router.optionsRecords,
        templateDatagrams: router.templateDatagrams,
        withheld: { datagrams: router.withheldDatagrams, records: router.withheldRecords },
        restarts: router.restarts,
      })),
    }),
  };
}

/** The day in Asia/Shanghai, as 2026-10-31. */
function dayName(ms: number): string {
  return new Date(ms + api.ZONE_OFFSET_MS).toISOString().slice(0, 10);
}

function monthsBetween(fromMs: number, toMs: number): number {
  const from = new Date(fromMs + api.ZONE_OFFSET_MS);
  const to = new Date(toMs + api.ZONE_OFFSET_MS);
  return 12 * (to.getUTCFullYear() - from.getUTCFullYear()) + to.getUTCMonth() - from.getUTCMonth();
}
