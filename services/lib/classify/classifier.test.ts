import { LABEL_NAMES } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { loadRegistry } from "./load-registry.ts";
import { batchOf, classifiedOf } from "./test-batch.ts";
import { classifierOf, classifyAll, registryOf } from "./test-registry.ts";

const up = { src: "240e:30c::1", dst: "2400:3200::1" };

test("a declared sampling rate fills in where the exporter does not tell one, and never replaces one", () => {
  const texts = { "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, sampling_rate: 1000 }]" };
  const found = classifyAll(classifierOf(texts), [
    { ...up },
    { ...up, samplingRate: 1 },
    { ...up, samplingRate: 512 },
    { ...up, exporter: "198.18.0.2" },
  ]);
  expect(found.map(({ samplingRate }) => samplingRate)).toEqual([1000, 1, 512, 0]);
});

test("label 0 of every column is unknown", () => {
  const batch = batchOf([up]);
  classifierOf().classify(batch);
  for (const name of LABEL_NAMES) expect(batch.labels[name][0]).toBe("unknown");
});

test("a new registry is taken over between two batches, its regions and operators with it", () => {
  const classifier = classifierOf();
  const before = batchOf([up]);
  classifier.classify(before);
  classifier.use(
    registryOf({
      "regions.yaml": 'regions: [{ code: "999001", zh: 试验区, en: Test }]',
      "operators.yaml": "operators: [{ id: lab, zh: 实验室, en: Lab }]",
      "prefixes.csv": "prefix,operator,region,access\n240e:30c::/32,lab,999001,enterprise\n",
    }),
  );
  const after = batchOf([up]);
  classifier.classify(after);
  expect(classifiedOf(before)[0]).toMatchObject({ region: "210000", operator: "telecom", access: "fixed" });
  expect(classifiedOf(after)[0]).toMatchObject({ region: "999001", operator: "lab", access: "enterprise" });
  classifier.use(loadRegistry(null));
  expect(classifyAll(classifier, [up])[0]).toMatchObject({ region: "210000", operator: "telecom" });
});

test("the table of flows outlives a new registry", () => {
  const classifier = classifierOf();
  classifyAll(classifier, [{ ...up, exporter: "198.18.0.1" }]);
  classifier.use(loadRegistry(null));
  expect(classifyAll(classifier, [{ ...up, exporter: "198.18.0.2" }])[0]?.counted).toBe(0);
});

test("totals count rows by technology over batches", () => {
  const classifier = classifierOf();
  classifyAll(classifier, [up, { ...up, dst: "ff02::1" }]);
  classifyAll(classifier, [{ ...up, protocol: 41 }, { ...up, srcPort: 1 }, { ipVersion: 0 }]);
  expect(classifier.totals.rows).toBe(5);
  expect(classifier.totals.byTechnology).toMatchObject({ native: 2, special: 1, tunnel_unknown: 1, unknown: 1 });
});

test("what a batch held before does not show: every classified column is written anew", () => {
  const batch = batchOf([up, { ipVersion: 0 }]);
  const { columns } = batch;
  for (const name of LABEL_NAMES) columns[name].fill(7);
  columns.family.fill(9);
  columns.counted.fill(9);
  columns.subscriber.fill(9);
  classifierOf().classify(batch);
  const clean = batchOf([up, { ipVersion: 0 }]);
  classifierOf().classify(clean);
  expect(classifiedOf(batch)).toEqual(classifiedOf(clean));
});

test("rows behind the used ones are left alone", () => {
  const batch = batchOf([up, up]);
  batch.rows = 1;
  batch.columns.family[1] = 77;
  classifierOf().classify(batch);
  expect(batch.columns.family[1]).toBe(77);
});

test("an empty batch is classified", () => {
  const batch = batchOf([]);
  classifierOf().classify(batch);
  expect(batch.rows).toBe(0);
});
