import { api, type IndicatorGrouping, type ReportBlock, type TemplateBlock } from "@v6meter/schemas";
import { type Context, changeCell, figureCell, textCell } from "../context.ts";
import { monthsFrom } from "../month.ts";
import { questions } from "../questions.ts";
import { indicatorOf } from "../scope.ts";
import type { Word } from "../words.ts";
import { type BlockWriter, noRows } from "./block.ts";
import { bars } from "./charts.ts";

type Ranking = Extract<TemplateBlock, { ranking: unknown }>["ranking"];
type Matrix = Extract<TemplateBlock, { matrix: unknown }>["matrix"];
type Tiles = Extract<TemplateBlock, { tiles: unknown }>["tiles"];

/** Figures of the groups of one grouping, by their codes. */
function groupsAt(
  context: Context,
  path: string,
  by: IndicatorGrouping,
): Map<string, api.IndicatorFigures["rows"][number]> {
  const rows = context.answers.read(path, api.indicatorFigures)?.rows ?? [];
  return new Map(rows.map((row) => [row[by] ?? "unknown", row]));
}

/** The best first; groups without a figure, and what nobody could attribute, last and without a rank. */
function ranked(values: ReadonlyMap<string, number | null>, good: string): { code: string; rank: number | null }[] {
  const sign = good === "lower" ? 1 : -1;
  const codes = [...values.keys()].sort();
  const known = codes.filter((code) => code !== "unknown" && typeof values.get(code) === "number");
  known.sort((a, b) => sign * ((values.get(a) as number) - (values.get(b) as number)));
  const rankOf = (code: string) => 1 + known.findIndex((it) => values.get(it) === values.get(code));
  return [
    ...known.map((code) => ({ code, rank: rankOf(code) })),
    ...codes.filter((code) => !known.includes(code)).map((code) => ({ code, rank: null })),
  ];
}

/** One indicator by one grouping, ranked, against the month before and the year before. */
export const ranking: BlockWriter<Ranking> = {
  questions: ({ of, by }, { month }) => [
    ...[0, -1, -12].map((months) => questions.indicator(of, monthsFrom(month, months), [by])),
    questions.indicator(of, month),
  ],
  compose: ({ of, by, title, chart }, context) => {
    const { month, word } = context;
    const indicator = indicatorOf(context, of);
    const { unit, good } = indicator;
    const paths = [0, -1, -12].map((months) => questions.indicator(of, monthsFrom(month, months), [by])) as [
      string,
      string,
      string,
    ];
    const [now, before, yearBefore] = paths.map((path) => groupsAt(context, path, by)) as [
      ReturnType<typeof groupsAt>,
      ReturnType<typeof groupsAt>,
      ReturnType<typeof groupsAt>,
    ];
    const heading = title
      ? context.text(title)
      : word("by_title", { name: context.text(indicator), by: word(by as Word) });
    if (now.size === 0) return [noRows(context, heading)];
    const valuesOf = (groups: typeof now) => new Map([...groups].map(([code, { value }]) => [code, value]));
    const ranksBefore = new Map(ranked(valuesOf(before), good).map(({ code, rank }) => [code, rank]));
    const order = ranked(valuesOf(now), good);
    const change = (code: string, groups: typeof now, path: string) =>
      changeCell(context, {
        now: now.get(code)?.value ?? null,
        before: groups.get(code)?.value ?? null,
        unit,
        good,
        path,
      });
    const total = context.answers.read(questions.indicator(of, month), api.indicatorFigures)?.total;
    const rows = order.map(({ code, rank }) => {
      const row = now.get(code);
      const rankBefore = ranksBefore.get(code) ?? null;
      return {
        cells: [
          rank === null ? textCell("—") : figureCell(rank, "count", { path: paths[0] }),
          textCell(context.label(by, code)),
          row?.suppressed ? textCell(word("suppressed")) : figureCell(row?.value ?? null, unit, { path: paths[0] }),
          change(code, before, paths[1]),
          change(code, yearBefore, paths[2]),
          rankBefore === null ? textCell("—") : figureCell(rankBefore, "count", { path: paths[1] }),
          figureCell(row?.completeness ?? null, "ratio", { path: paths[0] }),
        ],
      };
    });
    const last = {
      path: questions.indicator(of, month),
      cells: [
        textCell(""),
        textCell(word("total")),
        figureCell(total?.value ?? null, unit),
        textCell(""),
        textCell(""),
        textCell(""),
        figureCell(total?.completeness ?? null, "ratio"),
      ],
    };
    const table: ReportBlock = {
      kind: "table",
      id: `${of}-by-${by}`,
      title: heading,
      columns: [
        { title: word("rank"), unit: "count", width: 0.6 },
        { title: word(by as Word), unit: "none", width: 1.8 },
        { title: word("value"), unit, width: 1.3 },
        { title: word("month_before"), unit: "none", width: 1.4 },
        { title: word("year_before"), unit: "none", width: 1.4 },
        { title: word("rank_before"), unit: "count", width: 0.9 },
        { title: word("completeness"), unit: "ratio", width: 1.25 },
      ],
      rows: [...rows, last],
    };
    const drawn = order.filter(({ rank }) => rank !== null);
    if (!chart || drawn.length === 0) return [table];
    const drawing = bars({
      id: `${of}-by-${by}-chart`,
      title: heading,
      unit,
      name: context.text(indicator),
      path: paths[0],
      categories: drawn.map(({ code }) => context.label(by, code)),
      values: drawn.map(({ code }) => now.get(code)?.value ?? null),
    });
    return [drawing, table];
  },
};

const lastUnknown = (a: string, b: string) => Number(a === "unknown") - Number(b === "unknown") || (a < b ? -1 : 1);

/** One indicator by two groupings, tinted by the figure, with the figures of each grouping alone. */
export const matrix: BlockWriter<Matrix> = {
  questions: ({ of, by }, { month }) => [
    questions.indicator(of, month, by),
    ...by.map((one) => questions.indicator(of, month, [one])),
    questions.indicator(of, month),
  ],
  compose: ({ of, by, title }, context) => {
    const { month, word } = context;
    const [down, across] = by;
    const indicator = indicatorOf(context, of);
    const { unit } = indicator;
    const path = questions.indicator(of, month, by);
    const rows = context.answers.read(path, api.indicatorFigures)?.rows ?? [];
    const both = word("by_both", { first: word(down as Word), second: word(across as Word) });
    const heading = title ? context.text(title) : word("by_title", { name: context.text(indicator), by: both });
    if (rows.length === 0) return [noRows(context, heading)];
    const [downPath, acrossPath] = by.map((one) => questions.indicator(of, month, [one])) as [string, string];
    const downTotals = groupsAt(context, downPath, down);
    const acrossTotals = groupsAt(context, acrossPath, across);
    const codes = (which: IndicatorGrouping) =>
      [...new Set(rows.map((row) => row[which] ?? "unknown"))].sort(lastUnknown);
    const byBoth = new Map(rows.map((row) => [`${row[down] ?? "unknown"} ${row[across] ?? "unknown"}`, row]));
    const largest = Math.max(0, ...rows.map(({ value }) => value ?? 0));
    const shade = (value: number | null | undefined) =>
      value === null || value === undefined || largest === 0 ? {} : { shade: Math.max(0, value / largest) };
    const cell = (row: api.IndicatorFigures["total"] | undefined, more = {}) =>
      row?.suppressed ? textCell(word("suppressed")) : figureCell(row?.value ?? null, unit, more);
    const columns = codes(across);
    const total = context.answers.read(questions.indicator(of, month), api.indicatorFigures)?.total;
    return [
      {
        kind: "table",
        id: `${of}-by-${down}-${across}`,
        title: heading,
        columns: [
          { title: word(down as Word), unit: "none", width: 1.4 },
          ...columns.map((code) => ({ title: context.label(across, code), unit, path, width: 1 })),
          { title: word("total"), unit, path: downPath, width: 1 },
        ],
        rows: [
          ...codes(down).map((code) => ({
            cells: [
              textCell(context.label(down, code)),
              ...columns.map((other) => {
                const found = byBoth.get(`${code} ${other}`);
                return cell(found, shade(found?.value));
              }),
              cell(downTotals.get(code)),
            ],
          })),
          {
            cells: [
              textCell(word("total")),
              ...columns.map((other) => cell(acrossTotals.get(other), { path: acrossPath })),
              cell(total, { path: questions.indicator(of, month) }),
            ],
          },
        ],
      },
    ];
  },
};

/** One indicator on the tile map of the registry's regions. */
export const tiles: BlockWriter<Tiles> = {
  questions: ({ of }, { month }) => [questions.indicator(of, month, ["region"])],
  compose: ({ of, title }, context) => {
    const path = questions.indicator(of, context.month, ["region"]);
    const indicator = indicatorOf(context, of);
    const groups = groupsAt(context, path, "region");
    const registry = context.answers.read(questions.registry(), api.registry);
    const placed = (registry?.regions ?? []).filter((it) => it.tile !== undefined);
    const heading = title ? context.text(title) : context.word("tiles_title", { name: context.text(indicator) });
    const largest = Math.max(0, ...placed.map(({ code }) => groups.get(code)?.value ?? 0));
    if (placed.length === 0 || largest === 0) return [];
    const all = placed.map(({ code, zh, en, tile = [0, 0] }) => {
      const value = groups.get(code)?.value ?? null;
      const cell = figureCell(value, indicator.unit, value === null ? {} : { shade: Math.max(0, value / largest) });
      return { column: tile[0], row: tile[1], label: context.text({ zh, en }), cell };
    });
    return [
      {
        kind: "tiles",
        id: `${of}-tiles`,
        title: heading,
        path,
        columns: 1 + Math.max(...all.map(({ column }) => column)),
        rows: 1 + Math.max(...all.map(({ row }) => row)),
        tiles: all,
      },
    ];
  },
};
