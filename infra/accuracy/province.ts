import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadRegistry } from "@v6meter/classify";
import { createPopulation, loadPopulation, type PopulationTruth, populationRegistry } from "@v6meter/exporter";
import { type AaaCoverage, type api, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { type Ask, askApi } from "./ask.ts";
import { Pipeline } from "./pipeline.ts";

const DAY_MS = 86_400_000;
/** Flows are classified a day after they were sent at the latest. */
const SESSION_WINDOW_MS = 30 * 3_600_000;

/** A month of a province to be measured. */
export interface ProvinceOptions {
  readonly folder: string;
  /** The month in Asia/Shanghai, as 2026-09. */
  readonly month: string;
  /** Days of the month that are played; all of them where left out. */
  readonly days?: number;
  readonly subscribers: number;
  readonly seed: number;
  /** One packet in so many at every router. */
  readonly sampling: number;
  readonly aaa: AaaCoverage;
  readonly onDay?: (day: number, days: number, rows: number) => void;
}

/** What was really so, and what the platform says of it. */
export interface Measured {
  readonly truth: PopulationTruth;
  readonly rows: number;
  readonly sessionEvents: number;
  readonly elapsedS: number;
  readonly active: {
    readonly province: api.ActiveUsers;
    readonly cells: api.ActiveUsers;
    readonly networks: api.ActiveUsers;
  };
  readonly assigned: api.AssignedUsers;
  readonly share: api.TrafficShare;
  /** Distinct IPv6 /64 that sent anything, by access: what is called users where nobody knows better. */
  readonly naive: ReadonlyMap<string, number>;
}

/** First moment of a month and its number of days. */
export function monthOf(month: string): { fromMs: number; days: number } {
  const fromMs = Date.parse(`${month}-01T00:00:00+08:00`);
  const [year, number] = month.split("-").map(Number) as [number, number];
  return { fromMs, days: new Date(Date.UTC(year, number, 0)).getUTCDate() };
}

/** Plays a month of the province through the platform's stages into a store of its own, and asks the API. */
export async function measureProvince(options: ProvinceOptions): Promise<Measured> {
  const { folder, month, subscribers, seed, sampling, aaa, onDay } = options;
  const startedAt = performance.now();
  const scenario = loadPopulation();
  const registryDir = join(folder, "registry");
  mkdirSync(registryDir, { recursive: true });
  for (const [name, text] of Object.entries(populationRegistry(scenario))) writeFileSync(join(registryDir, name), text);

  // The month lies in the past, and its rows are looked at.
  const config = storeConfig.parse({ raw_ttl_days: 3_650 });
  const store = await openEmbeddedStore({ path: join(folder, "store"), config });
  try {
    await store.migrate();
    const { fromMs, days: daysOfMonth } = monthOf(month);
    const days = options.days ?? daysOfMonth;
    const population = createPopulation(scenario, { seed, fromMs, days, subscribers, samplingRate: sampling, aaa });
    const pipeline = new Pipeline({
      store,
      registry: loadRegistry(registryDir),
      sessionWindowMs: SESSION_WINDOW_MS,
    });
    for (const { fromMs: at, atMs, sessions, datagrams } of population.steps()) {
      for (const batch of sessions) await pipeline.account(batch);
      for (const { router, bytes, atMs: sentAtMs } of datagrams)
        pipeline.receive(bytes, (population.exporters[router] as { bytes: Uint8Array }).bytes, sentAtMs);
      await pipeline.settle(atMs);
      if ((atMs - fromMs) % DAY_MS === 0 || at === fromMs)
        onDay?.(Math.round((atMs - fromMs) / DAY_MS), days, pipeline.rows);
    }
    await pipeline.settle(fromMs + days * DAY_MS, true);
    const figures = await ask(store, month);
    const { rows, sessionEvents } = pipeline;
    return {
      truth: population.truth(),
      rows,
      sessionEvents,
      elapsedS: (performance.now() - startedAt) / 1_000,
      ...figures,
    };
  } finally {
    await store.stop();
  }
}

async function ask(store: Store, month: string) {
  const get: Ask = askApi(store);
  const active = (by: string) => get<api.ActiveUsers>(`/api/v1/users/active?month=${month}&by=${by}`);
  return {
    active: {
      province: await active("access"),
      networks: await active("operator,access"),
      cells: await active("region,operator,access"),
    },
    assigned: await get<api.AssignedUsers>(`/api/v1/users/assigned?month=${month}&by=access`),
    share: await get<api.TrafficShare>(`/api/v1/traffic/share?month=${month}&by=region,operator,access`),
    naive: await naive64(store),
  };
}

async function naive64(store: Store): Promise<ReadonlyMap<string, number>> {
  const { rows } = await store.raw(
    "SELECT access, uniqExact(substring(reinterpretAsFixedString(src_addr), 1, 8)) FROM flows WHERE family = 6 AND technology = 'native' AND flow_direction = 'up' GROUP BY access",
    { maxExecutionS: 600, maxRows: 100, maxMemoryBytes: 4_294_967_296 },
  );
  return new Map(rows.map(([access, prefixes]) => [String(access), Number(prefixes)]));
}
