import { expect, test } from "vitest";
import { flowRows } from "./flows.ts";
import { layoutWorkload } from "./layouts.ts";
import type { Part } from "./part.ts";
import { PARTS } from "./parts.ts";
import { measurePart, seriesOf } from "./turns.ts";

/** Small enough for a test; the counts are checked at every size. */
const SMALL: Record<string, readonly number[]> = {
  exporters: [40],
  templates: [40],
  prefixes: [50],
  subscribers: [1_000],
  inserts: [3_000],
  users: [20_000],
  rollups: [2],
  cores: [2],
};

test.each(PARTS)(
  "$name: every count is right at small sizes, and every series is measured",
  async (part) => {
    const quickSizes = SMALL[part.name] as readonly number[];
    const measured = await measurePart(
      { ...part, quickSizes },
      { seed: 3, rounds: 1, quick: true, roundMs: 20, onProgress: () => {} },
    );
    expect(measured.map(({ series }) => series)).toEqual(Object.keys(part.series));
    for (const { series, points } of measured) {
      expect(points.map(({ size }) => size)).toEqual(quickSizes);
      for (const { median } of points) expect(median, `${part.name} ${series}`).toBeGreaterThan(0);
    }
  },
  240_000,
);

const PART: Part = {
  name: "made up",
  grows: "things",
  sizes: [1, 10, 100],
  quickSizes: [1],
  baseline: 10,
  series: { cost: { title: "a thing", unit: "ns", cause: "known" }, steady: { title: "another", unit: "ns" } },
  prepare: () => Promise.reject(new Error("not asked for")),
};

test("a series is flat where no size beyond the baseline costs a fifth more", () => {
  const at = (size: number, cost: number) => ({
    size,
    costs: new Map([
      ["cost", [cost]],
      ["steady", [7]],
    ]),
  });
  const dear = seriesOf(PART, "cost", [at(1, 99), at(10, 10), at(100, 12.1)]);
  expect(dear).toMatchObject({ baseline: 10, flat: false, cause: "known" });
  expect(dear.points.map(({ ratio }) => ratio)).toEqual([9.9, 1, 1.21]);
  expect(seriesOf(PART, "cost", [at(1, 99), at(10, 10), at(100, 12)]).flat).toBe(true);
  expect(seriesOf(PART, "steady", [at(1, 1), at(10, 1)])).toMatchObject({ flat: true, cause: null });
});

test("the same seed gives the same flows and layouts, another one others", () => {
  const addresses = (seed: number) => flowRows(seed, 1, 5)[0]?.columns.src_addr;
  expect(addresses(7)).toEqual(addresses(7));
  expect(addresses(7)).not.toEqual(addresses(8));
  const layout = (seed: number) => layoutWorkload(seed, 3, 1).template(2, 300);
  expect(layout(7)).toEqual(layout(7));
  expect(layout(7)).not.toEqual(layout(8));
});
