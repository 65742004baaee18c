import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ASSUMED, type Demand, planOf, SESSIONS_A_TABLE, type UnitCosts } from "./cost-model.ts";
import { SCALE_PAGE, withTables } from "./plan-page.ts";
import { newestResults, unitCostsOf } from "./results.ts";

/** Round costs, so that a plan can be computed by hand. */
const COSTS: UnitCosts = {
  collectorCpuS: 1,
  busBytes: 50,
  exporterBytes: 10_000,
  classifyNs: [
    { size: 1_000_000, cost: 610 },
    { size: 50_000_000, cost: 1_610 },
  ],
  sessionBytes: 100,
  eventNs: 0,
  insertCpuS: [
    { size: 10_000, cost: 20 },
    { size: 262_144, cost: 2 },
  ],
  rowBytes: 25,
  stateBytes: 1e7,
};
const DEMAND: Demand = { recordsPerS: 1e6, subscribers: 1e6, months: 12, rawDays: 10, exporters: 100 };

const planned = (changes: Partial<Demand>, costs = COSTS) => {
  const plan = planOf({ ...DEMAND, ...changes }, costs);
  const roleOf = (name: string) => plan.roles.find(({ role }) => role === name) as (typeof plan.roles)[number];
  return { ...plan, roleOf };
};

test("cores, bytes and machines of a role are its unit costs times the demand", () => {
  const { roleOf } = planned({});
  const collectors = roleOf("collectors");
  expect(collectors.cores).toBe(2);
  expect(collectors.memoryBytes).toBe(100 * 10_000 + 2 * ASSUMED.process_memory_bytes);
  expect(collectors.networkOutBytesPerS).toBe(50e6);
  expect(collectors.machines).toBe(2);
  // Half of the rate all day, three copies.
  expect(roleOf("Kafka").diskBytes).toBe(0.5e6 * 50 * 86_400 * 3);
  // Two CPU-seconds a million, twice the cores, half of it again for the second replica.
  expect(roleOf("ClickHouse").cores).toBe(6);
  expect(roleOf("ClickHouse").diskBytes).toBeGreaterThan(0.5e6 * 86_400 * 10 * 25 * 2);
});

test("a row costs what it costs at the next size that was measured, never less", () => {
  // 1.2 million sessions are more than the first size: 1,610 + 390 ns a row, one of two cores each.
  expect(planned({}).classifierProcesses).toBe(4);
  // 0.6 million are fewer: 610 + 390.
  expect(planned({ subscribers: 500_000 }).classifierProcesses).toBe(2);
});

test("twice the records take twice the cores, more days more disk, and no demand takes fewer machines than a smaller one", () => {
  const one = planned({ recordsPerS: 10e6 });
  const two = planned({ recordsPerS: 20e6 });
  for (const name of ["collectors", "Kafka", "ClickHouse"])
    expect(two.roleOf(name).cores / one.roleOf(name).cores).toBeCloseTo(2, 9);
  expect(planned({ rawDays: 20 }).roleOf("ClickHouse").diskBytes).toBeGreaterThan(
    planned({}).roleOf("ClickHouse").diskBytes,
  );
  for (const [i, role] of two.roles.entries())
    expect(role.machines).toBeGreaterThanOrEqual(one.roles[i]?.machines ?? Number.NaN);
});

test("subscribers beyond what a table can number are shared out over tables", () => {
  const most = SESSIONS_A_TABLE / ASSUMED.sessions_per_subscriber;
  expect(planned({ subscribers: Math.floor(most) }).sessionShards).toBe(1);
  expect(planned({ subscribers: Math.ceil(most) + 1 }).sessionShards).toBe(2);
});

test("events of sessions take their part of every classifier", () => {
  const busy = planned({ subscribers: 40e6 }, { ...COSTS, eventNs: 10_000 });
  expect(busy.classifierProcesses).toBeGreaterThan(planned({ subscribers: 40e6 }).classifierProcesses);
});

test("a cut through Distributed is told with the cost of so few rows", () => {
  const { engineShards, distributedRows, distributedInsertCpuS } = planned({ recordsPerS: 100e6 });
  expect(engineShards).toBeGreaterThan(10);
  expect(distributedRows).toBe(Math.floor(262_144 / engineShards));
  expect(distributedInsertCpuS).toBe(20);
  expect(planned({}).distributedInsertCpuS).toBe(2);
});

test("the saved runs give every unit cost, and the tables of docs/scale.md are what the model makes of them", () => {
  const results = newestResults();
  const { classifyNs, insertCpuS, ...figures } = unitCostsOf(results.scale.result, results.collector.result);
  for (const value of [...Object.values(figures), ...classifyNs.map(({ cost }) => cost)])
    expect(value).toBeGreaterThan(0);
  expect(insertCpuS.length).toBeGreaterThan(1);
  const page = readFileSync(SCALE_PAGE, "utf8");
  expect(withTables(page, results), "npm run bench:plan -- --page").toBe(page);
});

test("a page without one of the tables, or with one there is not, is refused", () => {
  const results = newestResults();
  const page = readFileSync(SCALE_PAGE, "utf8");
  expect(() => withTables(page.replace("table roles,", "table rolls,"), results)).toThrow("rolls");
  expect(() => withTables(page.replace("<!-- table roles,", "<!-- roles,"), results)).toThrow("lacks the tables roles");
});
