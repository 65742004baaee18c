import { expect, test } from "vitest";
import { differences, keepSuppressed } from "./compare.ts";

const rows = (...all: object[]) => ({ by: ["region"], rows: all, total: { value: 10 } });
const hidden = (region: string) => ({ region, value: null, numerator: null, suppressed: true });

test("rows are matched by their words, whatever their order, and integers that are texts are numbers", () => {
  const old = rows(
    { region: "210100", value: 0.5, numerator: "9007199254740993" },
    { region: "210200", value: 1, numerator: "1" },
  );
  const now = rows(
    { region: "210200", value: 1, numerator: "1" },
    { region: "210100", value: 0.75, numerator: "9007199254740995" },
  );
  expect(differences(old, now)).toEqual([
    { row: "region=210100", field: "value", old: 0.5, new: 0.75, difference: 0.25, suppressed: false },
    {
      row: "region=210100",
      field: "numerator",
      old: "9007199254740993",
      new: "9007199254740995",
      difference: expect.any(Number),
      suppressed: false,
    },
  ]);
});

test("the last digits of a sum of floats are no difference, a row that came is one", () => {
  expect(differences(rows({ region: "1", value: 0.1 + 0.2 }), rows({ region: "1", value: 0.3 }))).toEqual([]);
  expect(differences(rows(), rows({ region: "1", value: 3 }))).toMatchObject([{ old: null, new: 3, difference: null }]);
});

test("of a row that is suppressed in either version no figure is told", () => {
  const told = differences(rows({ region: "1", value: 12, numerator: "12" }), rows(hidden("1")));
  expect(told).toEqual([{ row: "region=1", field: "", old: null, new: null, difference: null, suppressed: true }]);
  expect(JSON.stringify(told)).not.toContain("12");
  expect(differences(rows(hidden("1")), rows(hidden("1")))).toEqual([]);
});

test("what one version suppresses the next does too, so that no two of them tell it together", () => {
  const old = rows(hidden("1"), hidden("2"), { region: "3", value: 40 });
  const now = rows(hidden("1"), { region: "2", value: 50 }, hidden("3"));
  expect(keepSuppressed(old, now).rows).toEqual([hidden("1"), hidden("2"), hidden("3")]);
});
