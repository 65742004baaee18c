import type { Indicator, SubmissionEvent } from "@v6meter/schemas";
import type { Query, Store } from "@v6meter/store";
import { expect, test } from "vitest";
import type { z } from "zod";
import type { ReportedFigure } from "./catalogue.ts";
import { monthBeginOf } from "./month.ts";
import { openCatalogue } from "./open-catalogue.ts";
import { evaluateReported } from "./reported.ts";
import { openSubmitted, withSubmitted } from "./submitted.ts";

const { indicators } = await openCatalogue({ store: {} as Store, dir: null }).current();
const BLOCKS = indicators.get("address_blocks") as Indicator;

/** A figure of the series of address blocks. */
function figure(month: string, value: string, { region = "210100", unit }: { region?: string; unit?: string } = {}) {
  return { series: "address_blocks", month, region, value, ...(unit && { unit }), atMs: monthBeginOf(month) };
}

const values = (figures: readonly ReportedFigure[]) => figures.map(({ value }) => value);

test.each([
  { says: "takes the place of a file's of no unit", file: figure("2026-01", "1"), left: [] },
  { says: "takes the place of a file's of its unit", file: figure("2026-01", "1", { unit: "a" }), left: [] },
  { says: "leaves a file's of another unit", file: figure("2026-01", "1", { unit: "b" }), left: ["1"] },
  { says: "leaves a file's of another month", file: figure("2026-02", "1"), left: ["1"] },
  { says: "leaves a file's of another region", file: figure("2026-01", "1", { region: "210200" }), left: ["1"] },
])("an accepted figure $says", ({ file, left }) => {
  const accepted = figure("2026-01", "7", { unit: "a" });
  expect(values(withSubmitted([file], [accepted]))).toEqual([...left, "7"]);
});

test.each([
  {
    says: "units that report the same region add up",
    figures: [figure("2026-01", "1", { unit: "a" }), figure("2026-01", "2", { unit: "b" })],
    total: 3,
  },
  {
    says: "of each unit the latest month counts",
    figures: [
      figure("2026-01", "1", { unit: "a" }),
      figure("2026-02", "5", { unit: "a" }),
      figure("2026-01", "2", { unit: "b" }),
    ],
    total: 7,
  },
  {
    says: "a later figure of units stands for one of all units",
    figures: [figure("2026-01", "100"), figure("2026-02", "5", { unit: "a" })],
    total: 5,
  },
  {
    says: "a later figure of all units stands for those of units",
    figures: [figure("2026-01", "5", { unit: "a" }), figure("2026-02", "100")],
    total: 100,
  },
])("of a stock, $says", ({ figures, total }) => {
  for (const order of [figures, figures.toReversed()]) {
    const question = {
      period: { fromMs: 0, toMs: monthBeginOf("2027-01") },
      by: [],
      interval: null,
      filters: {},
    } as const;
    expect(evaluateReported(BLOCKS, question, order).total.value).toBe(total);
  }
});

test("accepted figures are read once, and again only after another acceptance", async () => {
  const asked: string[] = [];
  const rows: Pick<SubmissionEvent, "rows">["rows"] = [{ row: 2, cells: { region: "210100", value: "3", stray: "x" } }];
  let acceptances = 0;
  const query = async ({ name, row }: Query<z.ZodType, z.ZodType>) => {
    asked.push(name);
    const found = {
      "submissions-accepted": [{ acceptances: String(acceptances) }],
      "submitted-figures": [
        { month: "2026-01", unit: "a", accepted_version: acceptances, accepted_rows: JSON.stringify(rows) },
      ],
    }[name];
    return row.array().parse(found);
  };
  const submitted = openSubmitted({ query } as unknown as Store);
  expect(await submitted.figuresOf(BLOCKS)).toEqual([]);
  acceptances = 1;
  const [first] = await submitted.figuresOf(BLOCKS);
  expect(first).toEqual({
    ...figure("2026-01", "3", { unit: "a" }),
    source: "2026-01.address_blocks.a version 1",
  });
  await submitted.figuresOf(BLOCKS);
  acceptances = 2;
  expect((await submitted.figuresOf(BLOCKS))[0]?.source).toContain("version 2");
  expect(asked).toEqual([
    "submissions-accepted",
    ...["submissions-accepted", "submitted-figures"],
    "submissions-accepted",
    ...["submissions-accepted", "submitted-figures"],
  ]);
});
