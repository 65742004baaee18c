import { type ScoringRule, scoringRule } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import type { Figure } from "./question.ts";
import { type FiguresBySubject, scores } from "./score.ts";

const rule = (given: Partial<ScoringRule> = {}): ScoringRule =>
  scoringRule.parse({
    id: "rule_a",
    version: 1,
    zh: "规则",
    en: "rule",
    source: "here",
    subject: "operator",
    items: [
      { indicator: "share_a", weight: 30, zero: 0.2, full: 0.7 },
      { indicator: "loss_a", weight: 10, zero: 0.1, full: 0 },
    ],
    ...given,
  });
const figure = (value: number | null): Figure => ({ value, numerator: null, denominator: null, completeness: null });
const figures = (values: Record<string, number | null>): FiguresBySubject =>
  new Map(Object.entries(values).map(([subject, value]) => [subject, figure(value)]));
const brief = (given: ReturnType<typeof scores>) => given.map(({ subject, score, rank }) => [subject, score, rank]);

describe("a score", () => {
  test("is the mean of the points by weight, each in proportion between zero and full and never beyond", () => {
    const given = scores(rule(), {
      items: [figures({ a: 0.45, b: 0.9, c: 0 }), figures({ a: 0.05, b: 0, c: 0.2 })],
      penalties: [],
    });
    expect(given.map(({ items }) => items.map(({ points }) => points?.toFixed(6)))).toEqual([
      ["50.000000", "50.000000"],
      ["100.000000", "100.000000"],
      ["0.000000", "0.000000"],
    ]);
    expect(brief(given).map(([subject, score]) => [subject, Math.round(score as number)])).toEqual([
      ["a", 50],
      ["b", 100],
      ["c", 0],
    ]);
  });

  test("weighs by weight: full in the item of 30 of 40 is 75", () => {
    const [it] = scores(rule(), { items: [figures({ a: 0.7 }), figures({ a: 0.1 })], penalties: [] });
    expect(it?.score).toBe(75);
  });

  test.each([
    { missing: "zero", score: 75, points: 0 },
    { missing: "skip", score: 100, points: null },
  ] as const)("of a missing figure: $missing", ({ missing, score, points }) => {
    const [it] = scores(rule({ missing }), { items: [figures({ a: 0.7 }), figures({})], penalties: [] });
    expect(it?.score).toBe(score);
    expect(it?.items[1]).toMatchObject({ figure: null, points });
  });

  test.each(["zero", "skip"] as const)(
    "without any figure is none and has no rank, whatever is done with missing ones (%s)",
    (missing) => {
      const given = scores(rule({ missing }), { items: [figures({ a: null, b: 0.7 }), figures({})], penalties: [] });
      expect(given[0]).toMatchObject({ subject: "a", score: null, rank: null });
      expect(given[1]).toMatchObject({ subject: "b", rank: 1 });
    },
  );

  test("loses what penalties take, which are told with their figure, and never falls below 0", () => {
    const penalties = [
      { zh: "罚", en: "less", indicator: "share_a", below: 0.5, points: 20, where: {} },
      { zh: "罚", en: "more", indicator: "loss_a", above: 0.5, points: 100, where: {} },
    ];
    const given = scores(rule({ penalties }), {
      items: [figures({ a: 0.7, b: 0.7 }), figures({ a: 0, b: 0 })],
      penalties: [figures({ a: 0.4, b: 0.5 }), figures({ a: 0.5, b: 0.6 })],
    });
    expect(given.map(({ score, penalties }) => [score, penalties.map(({ en, figure }) => [en, figure.value])])).toEqual(
      [
        [80, [["less", 0.4]]],
        [0, [["more", 0.6]]],
      ],
    );
  });
});

test("equal scores share a rank, and the next one counts them", () => {
  const given = scores(rule(), {
    items: [figures({ a: 0.45, b: 0.7, c: 0.45, d: 0.2 }), figures({ a: 0, b: 0, c: 0, d: 0 })],
    penalties: [],
  });
  expect(given.map(({ subject, rank }) => [subject, rank])).toEqual([
    ["a", 2],
    ["b", 1],
    ["c", 2],
    ["d", 4],
  ]);
});

test("nobody is not scored: unknown and empty are no subjects", () => {
  expect(scores(rule(), { items: [figures({ unknown: 1, "": 1 }), figures({})], penalties: [] })).toEqual([]);
});

test.each([
  {
    says: "zero and full alike",
    change: { items: [{ indicator: "aa", weight: 1, zero: 1, full: 1 }] },
    reason: /must differ/,
  },
  { says: "no item", change: { items: [] }, reason: /items/ },
  {
    says: "a penalty without limit",
    change: { penalties: [{ zh: "a", en: "a", indicator: "aa", points: 1 }] },
    reason: /either below or above/,
  },
])("a rule of $says is none", ({ change, reason }) => {
  const parsed = scoringRule.safeParse({ ...rule(), ...change });
  expect(JSON.stringify(parsed.error?.issues)).toMatch(reason);
});
