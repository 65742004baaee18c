import type { api } from "@v6meter/schemas";
import type { EChartsOption } from "echarts";
import { tip } from "../chart/chart.tsx";
import { number } from "../names/format.ts";
import { colour } from "../style/theme.ts";

/** Groups drawn at most; more lines cannot be told apart. */
const SERIES_MAX = 12;
/** Marks along the axis drawn at most. */
const MARKS_MAX = 2_000;

type Column = api.SqlResult["columns"][number];

const bare = (type: string) => type.replaceAll(/^(?:(?:Nullable|LowCardinality)\()+|\)+$/g, "");

/** Whether a column holds numbers. */
export const isNumeric = ({ type }: Column) => /^(U?Int|Float|Decimal|BFloat)/.test(bare(type));
/** Shares and means are; what only counts or ranks is not. */
const isFraction = ({ type }: Column) => /^(Float|Decimal|BFloat)/.test(bare(type));
const isTime = ({ type }: Column) => /^Date/.test(bare(type));

/** What is drawn along, as what, and apart by what; -1: by nothing. */
export interface Axes {
  readonly along: number;
  readonly value: number;
  readonly apart: number;
}

/**
 * Axes that fit an answer: along time or the first words, the last column of fractions or else of
 * numbers, apart by other words; null where there are no numbers.
 */
export function axesOf({ columns, rows }: api.SqlResult): Axes | null {
  const numeric = columns.flatMap((column, i) => (isNumeric(column) ? [i] : []));
  const value = numeric.findLast((i) => isFraction(columns[i] as Column)) ?? numeric.at(-1);
  if (value === undefined || rows.length === 0) return null;
  const time = columns.findIndex(isTime);
  const words = columns.flatMap((column, i) => (!isNumeric(column) && i !== time ? [i] : []));
  const along = time >= 0 ? time : (words[0] ?? numeric.find((i) => i !== value) ?? value);
  const apart = words.find((i) => i !== along && new Set(rows.map((row) => row[i])).size <= SERIES_MAX) ?? -1;
  return { along, value, apart };
}

const textOf = (value: unknown) => (value === null || value === undefined ? "—" : String(value));

/** An answer as bars, or as lines where it goes along a time. */
export function resultChart({ columns, rows }: api.SqlResult, { along, value, apart }: Axes): EChartsOption {
  const isLine = isTime(columns[along] as Column);
  const drawn = rows.slice(0, MARKS_MAX * SERIES_MAX);
  const marks = [...new Set(drawn.map((row) => textOf(row[along])))].slice(0, MARKS_MAX);
  const groups = Map.groupBy(drawn, (row) => (apart < 0 ? (columns[value]?.name ?? "") : textOf(row[apart])));
  const palette = ["v6", "v4-fill", "v6-soft", "bad", "ink-2", "tile-3", "warn", "tile-2"].map(colour);
  return {
    color: palette,
    tooltip: { trigger: "axis", formatter: tip((it) => number(it)) as never },
    xAxis: { type: "category", data: marks, axisLabel: { interval: "auto" } },
    yAxis: { type: "value", scale: isLine, axisLabel: { formatter: (it: number) => compact(it) } },
    series: [...groups].slice(0, SERIES_MAX).map(([name, group]) => {
      const byMark = new Map(group.map((row) => [textOf(row[along]), row[value]]));
      const data = marks.map((mark) => {
        const found = byMark.get(mark);
        return found === undefined || found === null ? null : Number(found);
      });
      return isLine
        ? { type: "line" as const, name, data, showSymbol: marks.length < 40, symbolSize: 5 }
        : { type: "bar" as const, name, data, barMaxWidth: 40 };
    }),
  };
}

const compact = (value: number) =>
  value.toLocaleString("en", { notation: Math.abs(value) >= 1e4 ? "compact" : "standard", maximumFractionDigits: 2 });
