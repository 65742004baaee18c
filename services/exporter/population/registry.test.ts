import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClassifier, loadRegistry } from "@v6meter/classify";
import { createDecoder } from "@v6meter/netflow";
import { createFlowBatch, getU64, TECHNOLOGIES, type Technology } from "@v6meter/schemas";
import { afterAll, expect, test } from "vitest";
import { populationRegistry } from "./registry.ts";
import { exactRouters, playPopulation, testPopulation } from "./test-population.ts";

const folder = mkdtempSync(join(tmpdir(), "v6meter-population-"));
afterAll(() => rmSync(folder, { recursive: true }));

const scenario = testPopulation((all) => {
  exactRouters(all);
  // Unsampled volumes would not fit into the 32 bits of a v5 record.
  for (const habits of Object.values(all.habits)) habits.median_mb_per_month /= 100;
});
for (const [name, text] of Object.entries(populationRegistry(scenario))) writeFileSync(join(folder, name), text);

test("the registry knows every router", () => {
  expect(loadRegistry(folder).exporters.map(({ name }) => name)).toEqual(scenario.routers.map(({ name }) => name));
});

test("classified by it, unsampled bytes of every city, operator, access and family are the truth's", () => {
  const { truth, datagrams, population } = playPopulation(scenario, { samplingRate: 1, subscribers: 3_000, days: 1 });
  const batch = createFlowBatch(truth.routers.reduce((sum, { records }) => sum + records, 1));
  const sink = {
    batch,
    full: (): never => {
      throw new Error("more rows than the truth has records");
    },
  };
  const decoder = createDecoder();
  for (const { router, bytes, atMs } of datagrams)
    decoder.decode(bytes, population.exporters[router]?.bytes as Uint8Array, 40_000, atMs, sink);
  createClassifier({
    registry: loadRegistry(folder),
    subscriberKey: new Uint8Array(16),
    repeatWindowMs: 300_000,
    repeatSlots: 1 << 18,
  }).classify(batch);

  const found = new Map<string, number>();
  const add = (sums: Map<string, number>, key: string, bytes: number) => sums.set(key, (sums.get(key) ?? 0) + bytes);
  const { columns, labels } = batch;
  for (let row = 0; row < batch.rows; row++) {
    const label = (name: "region" | "operator" | "access" | "technology" | "observation_point") =>
      labels[name][columns[name][row] as number] as string;
    if (label("observation_point") === "backbone") continue;
    const rule = TECHNOLOGIES[label("technology") as Technology].counts_as;
    const countsAs = rule === "auto" ? (columns.family[row] === 6 ? "v6_native" : "v4") : rule;
    const key = [label("region"), label("operator"), label("access"), countsAs].join("/");
    add(found, key, Number(getU64(columns.bytes, row)));
  }
  const expected = new Map<string, number>();
  for (const { period, region, operator, access, bytes } of truth.users)
    if (period === "month")
      for (const [countsAs, sum] of Object.entries(bytes))
        if (sum > 0) add(expected, [region, operator, access, countsAs].join("/"), sum);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(expected.size).toBeGreaterThan(400);
});
