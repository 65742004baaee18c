import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClassifier, loadRegistry } from "@v6meter/classify";
import { createDecoder } from "@v6meter/netflow";
import { addressBytes, createFlowBatch, getU64 } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { DEMO_SCENARIO, loadScenario } from "./load.ts";
import { registryFiles } from "./registry.ts";
import { exportDay, smallProvince } from "./test-export.ts";

const FOLDER = join(import.meta.dirname, "../../../infra/demo/registry");

test("the demo's registry files are what its scenario says (else run registry-main.ts)", () => {
  const files = registryFiles(loadScenario(DEMO_SCENARIO));
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(files).sort());
  for (const [name, text] of Object.entries(files)) expect(readFileSync(join(FOLDER, name), "utf8"), name).toBe(text);
});

test("the demo's registry loads and knows every router", () => {
  const { exporters } = loadRegistry(FOLDER);
  expect(exporters.map(({ name }) => name)).toEqual(loadScenario(DEMO_SCENARIO).routers.map(({ name }) => name));
});

test("decoded and classified by that registry, every kind of traffic amounts to the truth", () => {
  const province = smallProvince(20_000);
  const { datagrams, truth } = exportDay(province);
  const decoder = createDecoder();
  const batch = createFlowBatch(truth.records + 2);
  const sink = {
    batch,
    full: (): never => {
      throw new Error("more rows than the truth has records");
    },
  };
  for (const { payload, source, sourcePort, atMs } of datagrams)
    decoder.decode(payload, addressBytes(source) as Uint8Array, sourcePort, atMs, sink);
  expect(batch.rows).toBe(truth.rows);

  createClassifier({
    registry: loadRegistry(FOLDER),
    subscriberKey: new Uint8Array(16),
    repeatWindowMs: 300_000,
    repeatSlots: 1 << 16,
  }).classify(batch);
  const found = new Map<string, { records: number; bytes: bigint; scaled: bigint }>();
  const add = (key: string, records: number, bytes: bigint, scaled: bigint) => {
    const sum = found.get(key) ?? { records: 0, bytes: 0n, scaled: 0n };
    found.set(key, { records: sum.records + records, bytes: sum.bytes + bytes, scaled: sum.scaled + scaled });
  };
  const { columns, labels } = batch;
  for (let row = 0; row < batch.rows; row++) {
    const label = (name: "region" | "operator" | "access" | "technology") => labels[name][columns[name][row] as number];
    const bytes = BigInt(getU64(columns.bytes, row));
    const key = [label("region"), label("operator"), label("access"), columns.family[row], label("technology")].join(
      "/",
    );
    add(key, 1, bytes, bytes * BigInt(columns.sampling_rate[row] || 1));
  }
  const expected = new Map(
    truth.cells.map(({ region, operator, access, family, technology, records, bytes, scaledBytes }) => [
      [region, operator, access, family, technology].join("/"),
      { records, bytes, scaled: scaledBytes },
    ]),
  );
  // Data before its template is scaled once the sampling options are known too, so scaled sums are equal as well.
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
});
