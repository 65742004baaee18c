import type { api } from "@v6meter/schemas";
import { timeAxis, tip } from "../chart/chart.tsx";
import { t } from "../messages/index.ts";
import { figure, moment, percent } from "../names/format.ts";
import { colour } from "../style/theme.ts";
import { GROUP_COLOURS } from "./traffic-charts.ts";

/** A row of an indicator's figures. */
export type Row = api.IndicatorFigures["rows"][number];

/** Groups drawn as lines, and as bars; the table has all. */
export const LINES_MAX = 8;
export const BARS_MAX = 24;
/** Less of the exports than this, and a figure is marked as incomplete. */
const COMPLETE = 0.995;

/** How a figure of users was told, as the shape of its point. */
export const METHOD_SHAPES = { aaa: "circle", ratio: "diamond", partial: "triangle", prefixes: "rect" } as const;

const isPartial = ({ completeness }: Row) => completeness !== null && completeness < COMPLETE;
const shapeOf = ({ method }: Row) => (method === undefined ? "circle" : METHOD_SHAPES[method]);

/** A whisker between the ends of an interval, along either axis. */
function whiskers(ends: (readonly number[])[], vertical: boolean) {
  return {
    type: "custom" as const,
    name: `${t("word.low")}–${t("word.high")}`,
    data: ends,
    encode: vertical ? { x: 0, y: [1, 2] } : { y: 0, x: [1, 2] },
    tooltip: { show: false },
    silent: true,
    color: colour("ink"),
    z: 5,
    renderItem: (_: unknown, at: { value(i: number): number; coord(point: number[]): number[] }) => {
      const point = (value: number) => (vertical ? at.coord([at.value(0), value]) : at.coord([value, at.value(0)]));
      const [x1 = 0, y1 = 0] = point(at.value(1));
      const [x2 = 0, y2 = 0] = point(at.value(2));
      const line = (ax: number, ay: number, bx: number, by: number) => ({
        type: "line" as const,
        shape: { x1: ax, y1: ay, x2: bx, y2: by },
        style: { stroke: colour("ink"), lineWidth: 1.5 },
      });
      const [dx, dy] = vertical ? [5, 0] : [0, 5];
      return {
        type: "group" as const,
        children: [
          line(x1, y1, x2, y2),
          line(x1 - dx, y1 - dy, x1 + dx, y1 + dy),
          line(x2 - dx, y2 - dy, x2 + dx, y2 + dy),
        ],
      };
    },
  };
}

const endsOf = (rows: readonly Row[], place: (row: Row, index: number) => number) =>
  rows.flatMap((row, index) =>
    typeof row.low === "number" && typeof row.high === "number" ? [[place(row, index), row.low, row.high]] : [],
  );

/** Figures over time, a line a group, with intervals, methods as shapes and, below, what part of the exports arrived. */
export function seriesChart(
  groups: readonly { readonly name: string; readonly rows: readonly Row[] }[],
  { unit, period }: { unit: string; period: { from: string; to: string } },
) {
  const [first = []] = groups.map(({ rows }) => rows);
  const at = (row: Row) => Date.parse(row.at ?? "");
  const hasCompleteness = groups.length === 1 && first.some(({ completeness }) => completeness !== null);
  const axis = timeAxis(period);
  const isRatio = unit === "ratio";
  return {
    tooltip: {
      trigger: "axis" as const,
      formatter: tip(
        (it) => figure(it, unit),
        (row) => moment((row.value as [number])[0]),
      ) as never,
    },
    legend: { show: groups.length > 1, type: "scroll" as const, top: 0, textStyle: { color: colour("ink") } },
    grid: hasCompleteness
      ? [
          { left: 8, right: 16, top: 36, bottom: 84, containLabel: true },
          { left: 64, right: 16, height: 24, bottom: 24 },
        ]
      : [{ left: 8, right: 16, top: 36, bottom: 8, containLabel: true }],
    xAxis: [
      { ...axis, gridIndex: 0 },
      ...(hasCompleteness ? [{ ...axis, gridIndex: 1, axisLabel: { show: false }, axisTick: { show: false } }] : []),
    ],
    yAxis: [
      {
        type: "value" as const,
        gridIndex: 0,
        scale: isRatio,
        axisLabel: { formatter: (it: number) => (isRatio ? `${Number((it * 100).toFixed(1))}%` : figure(it, unit)) },
      },
      ...(hasCompleteness
        ? [
            {
              type: "value" as const,
              gridIndex: 1,
              min: 0,
              max: 1,
              splitNumber: 1,
              splitLine: { show: false },
              name: t("word.completeness"),
              nameLocation: "middle" as const,
              nameRotate: 0,
              nameGap: 8,
              nameTextStyle: { color: colour("ink-2"), align: "right" as const },
              axisLabel: { show: false },
            },
          ]
        : []),
    ],
    series: [
      ...groups.map(({ name, rows }, index) => ({
        type: "line" as const,
        name,
        color: groups.length === 1 ? colour("v6") : GROUP_COLOURS[index],
        showSymbol: rows.length <= 62,
        symbolSize: 7,
        connectNulls: false,
        lineStyle: { width: 2 },
        data: rows.map((row) => ({
          value: [at(row), row.value],
          symbol: shapeOf(row),
          // What is incomplete is hollow: seen without its colour too.
          ...(isPartial(row) && {
            itemStyle: { color: colour("surface"), borderColor: colour("bad"), borderWidth: 2 },
          }),
        })),
      })),
      ...(groups.length === 1 ? [whiskers(endsOf(first, at), true)] : []),
      ...(hasCompleteness
        ? [
            {
              type: "bar" as const,
              name: t("word.completeness"),
              xAxisIndex: 1,
              yAxisIndex: 1,
              barMaxWidth: 18,
              tooltip: { valueFormatter: (it: unknown) => percent(it as number) },
              data: first.map((row) => ({
                value: [at(row), row.completeness],
                itemStyle: { color: isPartial(row) ? colour("bad") : colour("v6-soft") },
              })),
            },
          ]
        : []),
    ],
  } as never;
}

/** Figures by group as bars, the greatest on top, with intervals; hatched where exports are missing. */
export function groupsChart(rows: readonly Row[], nameOfRow: (row: Row) => string, unit: string) {
  const shown = rows.slice(0, BARS_MAX).toReversed();
  return {
    tooltip: { trigger: "item" as const, formatter: tip((it) => figure(it, unit)) as never },
    legend: { show: false },
    grid: { left: 8, right: 72, top: 8, bottom: 8, containLabel: true },
    xAxis: {
      type: "value" as const,
      axisLabel: {
        formatter: (it: number) => (unit === "ratio" ? `${Number((it * 100).toFixed(1))}%` : figure(it, unit)),
      },
    },
    yAxis: {
      type: "category" as const,
      data: shown.map(nameOfRow),
      axisTick: { show: false },
      axisLabel: { interval: 0, width: 140, overflow: "truncate" as const },
    },
    series: [
      {
        type: "bar" as const,
        name: t("word.value"),
        color: colour("v6"),
        barMaxWidth: 22,
        label: {
          show: true,
          position: "right" as const,
          distance: 10,
          color: colour("ink"),
          formatter: ({ value }: { value: unknown }) => figure(value as number, unit),
        },
        data: shown.map((row) => ({
          value: row.value,
          itemStyle: isPartial(row)
            ? { decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: 0.7, color: "#ffffff66" } }
            : {},
        })),
      },
      whiskers(
        endsOf(shown, (_, index) => index),
        false,
      ),
    ],
  } as never;
}
