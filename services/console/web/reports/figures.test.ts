import type { ReportDocument } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { compareFigures, differs, figuresOf } from "./figures.ts";

const report = (month: string, cities: readonly (readonly [string, number])[]) =>
  ({
    headlines: [
      { id: "share", name: "IPv6 share", path: "/api/v1/x", changes: [], cell: { text: "50.00%", value: 0.5 } },
    ],
    sections: [
      {
        id: "s",
        number: "1 ",
        title: "Traffic",
        blocks: [
          {
            kind: "table",
            id: "cities",
            title: "Cities",
            columns: [
              { title: "City", unit: "none", width: 1 },
              { title: month, unit: "ratio", width: 1 },
            ],
            rows: cities.map(([name, value]) => ({
              cells: [
                { text: name, value: null },
                { text: `${value * 100}%`, value },
              ],
            })),
          },
        ],
      },
    ],
  }) as unknown as ReportDocument;

test("figures of two reports meet by table, row and place of the column, whatever the column is called", () => {
  const first = figuresOf(
    report("2026-09", [
      ["沈阳", 0.5],
      ["大连", 0.25],
    ]),
    "First page",
  );
  const second = figuresOf(
    report("2026-10", [
      ["大连", 0.75],
      ["鞍山", 0.1],
    ]),
    "First page",
  );
  const found = compareFigures(first, second);
  expect(found.map(({ row, difference }) => [row, difference])).toEqual([
    ["IPv6 share", 0],
    ["沈阳", null],
    ["大连", 0.5],
    ["鞍山", null],
  ]);
  expect(found.filter(differs).map(({ row }) => row)).toEqual(["沈阳", "大连", "鞍山"]);
});
