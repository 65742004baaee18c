import { Random } from "@v6meter/random";
import { describe, expect, test } from "vitest";
import { type Cell, coverageOf, estimateCells, figureOf, type Sums } from "./ladder.ts";

const FULL = { region: "210100", operator: "telecom", access: "fixed", family: 6, unseen: null };

/** A cell of so many users of four prefixes each, of which sessions told a part. */
function cell(users: number, told: number, more: Partial<Cell> = {}): Cell {
  return { ...FULL, sessionUsers: users * told, activePrefixes: users * 4, sessionPrefixes: users * 4 * told, ...more };
}

const sumOf = (cells: readonly Cell[]): Sums => ({
  sessionUsers: cells.reduce((sum, { sessionUsers }) => sum + sessionUsers, 0),
  activePrefixes: cells.reduce((sum, { activePrefixes }) => sum + activePrefixes, 0),
  sessionPrefixes: cells.reduce((sum, { sessionPrefixes }) => sum + sessionPrefixes, 0),
});
const province = (cells: readonly Cell[]) => figureOf(sumOf(cells), estimateCells(cells));

describe("the rungs", () => {
  test("98 % of the prefixes with a session is covered, less is not", () => {
    expect(estimateCells([cell(10_000, 0.98)])[0]?.method).toBe("aaa");
    expect(estimateCells([cell(10_000, 0.97), cell(10_000, 1)])[0]?.method).toBe("ratio");
  });

  test("a covered cell's users are its sessions'; what its last prefixes may hide is in the interval only", () => {
    expect(province([cell(1_000, 0.99)])).toMatchObject({ method: "aaa", users: 990, low: 990 });
    expect(province([cell(1_000, 0.99)]).high).toBeCloseTo(1_000, 6);
  });

  test("above what a state holds exactly, the error of counting is in the interval", () => {
    const { users, low, high } = province([cell(100_000, 1)]);
    expect(users).toBe(100_000);
    expect(low).toBeCloseTo(100_000 * (1 - 0.0021 * 2.5758), 0);
    expect(high).toBeCloseTo(100_000 * (1 + 0.0021 * 2.5758), 0);
  });

  test("a partly covered cell keeps its sessions' users and adds the rest by the covered cells' ratio", () => {
    const covered = [cell(1_000, 1), cell(2_000, 1), cell(3_000, 1)];
    const { users, method } = province([...covered, cell(500, 0.4)]);
    expect(method).toBe("ratio");
    expect(users).toBeCloseTo(6_500, 6);
  });

  test("a ratio is learned from the same operator, access and family only", () => {
    const others = [
      cell(1_000, 1, { operator: "unicom" }),
      cell(1_000, 1, { access: "mobile" }),
      cell(1_000, 1, { family: 4 }),
    ];
    for (const other of others) expect(estimateCells([other, cell(1_000, 0)])[1]?.method).toBe("prefixes");
  });

  test("where nothing covers, prefixes are never users", () => {
    expect(province([cell(1_000, 0)])).toMatchObject({
      method: "prefixes",
      users: null,
      low: null,
      high: null,
      activePrefixes: 4_000,
      unestimatedPrefixes: 4_000,
    });
    expect(province([])).toMatchObject({ method: "prefixes", users: null });
  });

  test("with a part that has no figure the others are a lower bound without an upper end", () => {
    expect(province([cell(1_000, 1), cell(1_000, 0, { operator: "broadnet" })])).toMatchObject({
      method: "partial",
      users: 1_000,
      high: null,
      unestimatedPrefixes: 4_000,
    });
  });

  test("of one covered cell alone the wide rule holds: half to twice", () => {
    const figure = province([cell(1_000, 1), cell(400, 0)]);
    expect(figure).toMatchObject({ method: "ratio", users: 1_400, low: 1_200, high: 1_800 });
  });

  test("of one covered cell the spread is that of the access over all operators, where they tell one", () => {
    const unicom = [0.98, 1, 1.02].map((factor) =>
      cell(1_000, 1, { operator: "unicom", sessionUsers: 1_000 * factor }),
    );
    const { low, high } = province([...unicom, cell(1_000, 1), cell(400, 0)]);
    expect(low).toBeGreaterThan(3_000 + 1_000 + 200);
    expect(high).toBeLessThan(3_000 + 1_000 + 800);
  });

  test("without a covered cell, partly covered ones stand in under the wide rule", () => {
    const [half] = estimateCells([cell(1_000, 0.6)]);
    expect(half?.method).toBe("ratio");
    expect(half?.ratioUsers).toBeCloseTo(400, 6);
    expect(half?.ratio?.spread).toBeNull();
    expect(estimateCells([cell(1_000, 0.4)])[0]?.method).toBe("prefixes");
  });

  test("coverage is of prefixes, never above 1, and null without any", () => {
    expect(coverageOf({ activePrefixes: 100, sessionPrefixes: 50 })).toBe(0.5);
    expect(coverageOf({ activePrefixes: 100, sessionPrefixes: 101 })).toBe(1);
    expect(coverageOf({ activePrefixes: 0, sessionPrefixes: 0 })).toBeNull();
  });
});

/** Populations of the cities of Liaoning in 10,000. */
const CITIES = [907, 745, 333, 186, 133, 219, 270, 233, 165, 160, 139, 239, 287, 243];
/** Prefixes a user by access, and how that differs from city to city: habits, equipment, churn. */
const ACCESS = [
  { access: "mobile", prefixes: 72, spread: 0.08 },
  { access: "fixed", prefixes: 6.4, spread: 0.15 },
];

/** Subscribers of each operator by 100 people and access. */
const SUBSCRIBERS = [30, 25, 40, 3];

/** A seeded province of four operators that have AAA in so many cities each, drawn anew; its truth beside it. */
function syntheticProvince(seed: number, citiesWithAaa: number) {
  const random = new Random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const cells: Cell[] = [];
  const users = new Map<Cell, number>();
  for (const [o, operator] of ["telecom", "unicom", "mobile", "broadnet"].entries()) {
    const order = CITIES.map((_, city) => ({ city, at: random.next() })).sort((a, b) => a.at - b.at);
    const covered = new Set(order.slice(0, citiesWithAaa).map(({ city }) => city));
    for (const { access, prefixes, spread } of ACCESS) {
      const habit = prefixes * Math.exp(0.2 * normal());
      for (const [city, population] of CITIES.entries()) {
        const inCity = Math.round(population * (SUBSCRIBERS[o] as number) * Math.exp(0.3 * normal()));
        const activePrefixes = inCity * habit * Math.exp(spread * normal()) * (1 + 0.006 * normal());
        const isCovered = covered.has(city);
        const cell: Cell = {
          region: String(city),
          operator,
          access,
          family: 6,
          sessionUsers: isCovered ? inCity * (1 + 0.002 * normal()) : 0,
          activePrefixes,
          sessionPrefixes: isCovered ? activePrefixes : 0,
          unseen: null,
        };
        cells.push(cell);
        users.set(cell, inCity);
      }
    }
  }
  const truth = [...users.values()].reduce((sum, one) => sum + one, 0);
  return { cells, truth, truthOf: (cell: Cell) => users.get(cell) as number };
}

describe("a province whose truth is known", () => {
  test.each([
    { citiesWithAaa: 7, within: 0.1 },
    { citiesWithAaa: 3, within: 0.2 },
  ])("with AAA in $citiesWithAaa of 14 cities", ({ citiesWithAaa, within }) => {
    const SEEDS = 400;
    let held = 0;
    let width = 0;
    let citiesHeld = 0;
    let cities = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { cells, truth, truthOf } = syntheticProvince(seed, citiesWithAaa);
      const figure = province(cells);
      const { users, low, high } = figure as { users: number; low: number; high: number };
      expect(Math.abs(users / truth - 1), `seed ${seed}`).toBeLessThan(within);
      if (low <= truth && truth <= high) held++;
      width += (high - low) / truth / SEEDS;
      expect(figure.method).toBe("ratio");
      for (const estimate of estimateCells(cells)) {
        if (estimate.method !== "ratio") continue;
        const city = figureOf(estimate.cell, [estimate]);
        const users = truthOf(estimate.cell);
        cities++;
        if ((city.low as number) <= users && users <= (city.high as number)) citiesHeld++;
      }
    }
    expect(held / SEEDS, `held in ${held} of ${SEEDS}, mean width ${width}`).toBeGreaterThanOrEqual(0.95);
    expect(citiesHeld / cities, `${citiesHeld} of ${cities} cities`).toBeGreaterThanOrEqual(0.95);
    // Not by being so wide that it says nothing.
    expect(width).toBeLessThan(2 * within);
  });
});
