import { Random } from "@v6meter/random";
import { expect, test } from "vitest";
import { isSmall, keyText, suppressedCells, type TableCell } from "./suppression.ts";

const LEAST = 10;

function table(rows: readonly (readonly number[])[]): TableCell[] {
  return rows.flatMap((row, r) =>
    row.map((users, c) => ({ key: [`r${r}`, `c${c}`], users, small: isSmall(users, LEAST) })),
  );
}

const hiddenOf = (cells: readonly TableCell[]) =>
  [...suppressedCells(cells)].map((key) => key.replace("\n", " ")).sort();

test("small is 1 to 9; nobody is not, and what rounds to 10 is not", () => {
  expect([0, 0.4, 1, 9, 9.4, 9.6, 10].map((users) => isSmall(users, LEAST))).toEqual([
    ...[false, false, true, true, true, false, false],
  ]);
});

test("without a small cell all are published", () => {
  expect(
    hiddenOf(
      table([
        [10, 20],
        [30, 40],
      ]),
    ),
  ).toEqual([]);
  expect(hiddenOf([])).toEqual([]);
});

test("one small cell takes the smallest of its line along, and these theirs", () => {
  expect(
    hiddenOf(
      table([
        [5, 40, 60],
        [70, 80, 90],
        [99, 98, 97],
      ]),
    ),
  ).toEqual(["r0 c0", "r0 c1", "r1 c0", "r1 c1"]);
});

test("two small cells of a line hide each other", () => {
  const cells = [5, 6, 40].map((users, c) => ({ key: [`c${c}`], users, small: isSmall(users, LEAST) }));
  expect([...suppressedCells(cells)].sort()).toEqual(["c0", "c1"]);
});

test("no line of any table has exactly one suppressed cell, unless it has no other", () => {
  const random = new Random(5);
  for (let trial = 0; trial < 300; trial++) {
    const cells: TableCell[] = [];
    for (let r = 0; r < 5; r++) {
      for (let o = 0; o < 4; o++) {
        for (let a = 0; a < 3; a++) {
          if (random.next() < 0.3) continue;
          const users = random.next() < 0.15 ? 1 + random.below(9) : 10 + random.below(1_000);
          cells.push({ key: [String(r), String(o), String(a)], users, small: isSmall(users, LEAST) });
        }
      }
    }
    const suppressed = suppressedCells(cells);
    for (const { key, small } of cells) if (small) expect(suppressed.has(keyText(key))).toBe(true);
    for (const dimension of [0, 1, 2]) {
      const lines = Map.groupBy(cells, ({ key }) => keyText(key.toSpliced(dimension, 1)));
      for (const line of lines.values()) {
        const hidden = line.filter(({ key }) => suppressed.has(keyText(key)));
        expect(hidden.length === 1 && line.length > 1).toBe(false);
      }
    }
  }
});
