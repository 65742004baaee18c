import type { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import {
  insertExporters,
  insertFlows,
  insertLedger,
  insertSessions,
  type TestFlow,
  type TestSession,
} from "../query/province.test-data.ts";

/** A made-up year of a province: three cities, two operators, phones, homes and things; growing month by month. */

export const REGISTRY: api.Registry = {
  regions: [
    { code: "210000", zh: "省本级", en: "Liaoning" },
    { code: "210100", zh: "沈阳", en: "Shenyang", tile: [2, 1] },
    { code: "210200", zh: "大连", en: "Dalian", tile: [1, 4] },
    { code: "210300", zh: "鞍山", en: "Anshan", tile: [2, 3] },
  ],
  operators: [
    { id: "mobile", zh: "移动", en: "Mobile" },
    { id: "telecom", zh: "电信", en: "Telecom" },
  ],
};
export const MONTH = "2026-10";
export const EXPORTERS = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] as const;

const CITIES = ["210100", "210200", "210300"] as const;
const OPERATORS = ["telecom", "mobile"] as const;
const ACCESS = ["mobile", "fixed", "iot"] as const;
const MONTHS = 13;
const SUBSCRIBERS_A_CELL = 12;

function monthName(back: number): string {
  const at = new Date(Date.UTC(2026, 9 - back, 1));
  return at.toISOString().slice(0, 7);
}

/** Traffic of a month: IPv6 grows by a hundredth of all a month, and everywhere a little differently. */
function flowsOf(back: number, exporters: readonly string[]): TestFlow[] {
  const month = monthName(back);
  const flows: TestFlow[] = [];
  for (const day of ["05", "15", "25"])
    for (const [c, region] of CITIES.entries())
      for (const [o, operator] of OPERATORS.entries())
        for (const [a, access] of ACCESS.entries()) {
          const exporter = exporters[(c + o) % exporters.length] as string;
          const place = { at: `${month}-${day}T12:00:00+08:00`, exporter, region, operator, access };
          const all = 1e12 * (1 + c) * (1 + o) * (3 - a) * (1 - back / 40);
          const share = 0.45 + 0.03 * c - 0.05 * o + 0.1 * (1 - a) - 0.01 * back;
          const v6 = Math.round(all * share);
          flows.push({ ...place, family: 6, bytes: v6, flow_direction: "down" });
          flows.push({ ...place, family: 6, bytes: Math.round(v6 / 90), technology: "6in4", flow_direction: "up" });
          flows.push({ ...place, family: 4, bytes: Math.round(all - v6), flow_direction: "down" });
        }
  return flows;
}

function usersOf(back: number): { flows: TestFlow[]; sessions: TestSession[] } {
  const month = monthName(back);
  const flows: TestFlow[] = [];
  const sessions: TestSession[] = [];
  for (const [c, region] of CITIES.entries())
    for (const [o, operator] of OPERATORS.entries())
      for (const [a, access] of ACCESS.entries())
        for (let n = 0; n < SUBSCRIBERS_A_CELL * (1 + c) - back; n++) {
          const subscriber =
            (BigInt(1 + c) << 40n) +
            (BigInt(1 + o) << 32n) +
            (BigInt(1 + a) << 24n) +
            BigInt(n) +
            0x1234_5678_0000_0000n;
          const place = { at: `${month}-10T12:00:00+08:00`, region, operator, access, subscriber };
          sessions.push({ ...place, ipv6_prefix: `2409:8914:${c}${o}${a}:${n}::`, ipv4: "100.64.0.9" });
          for (const family of [4, 6] as const)
            flows.push({
              ...place,
              family,
              active_family: family,
              subscriber_method: "session",
              subscriber_prefix: subscriber,
              flow_direction: "up",
              bytes: 1_000_000,
            });
        }
  return { flows, sessions };
}

/** Fills a store with 13 months that end with October 2026; of the last one only from `exporters`. */
export async function insertYear(store: Store, exporters: readonly string[] = EXPORTERS): Promise<void> {
  const flows = Array.from({ length: MONTHS }, (_, back) => flowsOf(back, back === 0 ? exporters : EXPORTERS)).flat();
  await insertFlows(store, flows);
  for (const back of [0, 1]) {
    const { flows, sessions } = usersOf(back);
    await insertFlows(store, flows);
    await insertSessions(store, sessions);
  }
  const seenMs = Date.parse(`${MONTH}-31T23:00:00+08:00`);
  await insertExporters(
    store,
    EXPORTERS.map((exporter, at) => ({
      exporter,
      version: 10,
      observation_domain: 0,
      source_port: 40_000,
      first_seen_at_ms: seenMs - 86_400_000,
      last_seen_at_ms: seenMs,
      templates: 3,
      options_templates: 1,
      sampling: [{ sampler: null, rate: 1_000 }],
      sampling_source: "options" as const,
      clock_offset_ms: at === 1 ? 7_200_000 : 12,
      clock_off: at === 1,
      interfaces: [],
      name: `ln-router-${at + 1}`,
    })),
  );
  const at = `${MONTH}-20T12:00:00+08:00`;
  await insertLedger(
    store,
    EXPORTERS.flatMap((exporter, n) =>
      [
        { outcome: "received" as const, count: 1_000 },
        { outcome: "forwarded" as const, count: 1_000 },
        { outcome: "expected" as const, count: 1_000 },
        { outcome: "lost" as const, count: n === 2 ? 40 : 0 },
      ].map((it) => ({ at, exporter, stage: "receive" as const, ...it })),
    ),
  );
}
