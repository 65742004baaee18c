import type { api } from "@v6meter/schemas";
import type { EChartsOption } from "echarts";
import { timeAxis, type tip } from "../chart/chart.tsx";
import type { Column } from "../chart/csv.ts";
import { t } from "../messages/index.ts";
import { moment, percent, points, quantity } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { colour } from "../style/theme.ts";

/** A row of a traffic share. */
export type Row = api.ShareRow;

type Tip = ReturnType<typeof tip>;

/** Colours of groups, apart from the two of the families: Okabe and Ito's, told apart by every eye. */
export const GROUP_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#999933", "#56b4e9", "#e69f00", "#882255"];
/** Groups drawn as lines of their own; the table has all. */
const LINES_MAX = 16;

const bits = (bytes: string, stepMs: number) => (Number(bytes) * 8_000) / stepMs;

function stepOf(rows: readonly Row[]): number {
  const times = [...new Set(rows.map(({ at = "" }) => Date.parse(at)))].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
  return gaps.length > 0 ? Math.min(...gaps) : 300_000;
}

/** Traffic or share over time: the families stacked, or a line a group; the period before lies under it, dashed. */
export function seriesChart(
  rows: readonly Row[],
  asked: {
    shape: string;
    by: string;
    past: readonly Row[];
    shiftMs: number;
    period: { from: string; to: string } | undefined;
    tip: (text: (value: number) => string) => Tip;
  },
): EChartsOption {
  const stepMs = stepOf(rows);
  const isShare = asked.shape === "share";
  const text = (value: number) => (isShare ? percent(value) : quantity(value, "bit/s"));
  const line = (name: string, of: readonly Row[], value: (row: Row) => number | null, more: object = {}) => ({
    name,
    type: "line" as const,
    showSymbol: of.length < 3,
    sampling: "lttb" as const,
    data: of.map((row) => [Date.parse(row.at ?? ""), value(row)] as [number, number]),
    ...more,
  });
  const volume = (row: Row) => bits(row.total_bytes, stepMs);
  const shown = isShare ? (row: Row) => row.share : volume;
  const series: object[] = [];
  if (asked.shape === "stack") {
    const area = { stack: "all", areaStyle: { opacity: 0.8 } };
    series.push(
      line(t("word.v6_native"), rows, (row) => bits(row.v6_native_bytes, stepMs), { ...area, color: colour("v6") }),
      line(t("word.v6_transition"), rows, (row) => bits(row.v6_transition_bytes, stepMs), {
        ...area,
        color: colour("v6-soft"),
      }),
      line(t("word.v4"), rows, (row) => bits(row.v4_bytes, stepMs), { ...area, color: colour("v4-fill") }),
    );
  } else {
    const groups = Map.groupBy(rows, (row) => (asked.by === "" ? "" : (row[asked.by as keyof Row] as string)));
    const largest = [...groups].sort(([, a], [, b]) => sum(b) - sum(a)).slice(0, LINES_MAX);
    for (const [index, [word, own]] of largest.entries()) {
      const name = asked.by === "" ? t(isShare ? "word.share" : "word.total") : nameOf(asked.by, word);
      const color = asked.by === "" ? colour("v6") : GROUP_COLOURS[index % GROUP_COLOURS.length];
      series.push(
        line(name, own, shown, { color, lineStyle: { type: index < GROUP_COLOURS.length ? "solid" : "dashed" } }),
      );
    }
  }
  if (asked.past.length > 0) {
    const moved = asked.past.map((row) => ({
      ...row,
      at: new Date(Date.parse(row.at ?? "") + asked.shiftMs).toISOString(),
    }));
    series.push(
      line(t("word.before"), moved, shown, { color: colour("ink-2"), lineStyle: { type: "dashed", width: 2 } }),
    );
  }
  return {
    tooltip: { trigger: "axis", formatter: asked.tip(text) as never },
    legend: { type: "scroll", top: 0, textStyle: { color: colour("ink") } },
    dataZoom: [{ type: "inside", filterMode: "none" }],
    xAxis: timeAxis(asked.period),
    yAxis: { type: "value", scale: isShare, axisLabel: { formatter: text } },
    series: series as never,
  };
}

function sum(rows: readonly Row[]): number {
  return rows.reduce((total, row) => total + Number(row.total_bytes), 0);
}

/** IPv6 and IPv4 of each group as stacked bars, the greatest first. */
export function groupChart(rows: readonly Row[], nameOfRow: (row: Row) => string, tipOf: typeof tip): EChartsOption {
  const shown = rows.slice(0, 40).toReversed();
  const bar = (word: "v6_native" | "v6_transition" | "v4", of: string) => ({
    type: "bar" as const,
    stack: "all",
    name: t(`word.${word}`),
    color: colour(of),
    data: shown.map((row) => Number(row[`${word}_bytes`])),
  });
  return {
    tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, formatter: tipOf((it) => quantity(it, "B")) as never },
    xAxis: { type: "value", axisLabel: { formatter: (it: number) => quantity(it, "B") } },
    yAxis: { type: "category", data: shown.map(nameOfRow) },
    series: [bar("v6_native", "v6"), bar("v6_transition", "v6-soft"), bar("v4", "v4-fill")],
  };
}

interface Link {
  readonly source: string;
  readonly target: string;
  readonly value: number;
}

/** IPv6 bytes from operators over access networks to cities. */
export function flowChart(rows: readonly Row[], formatter: Tip): EChartsOption {
  const links = rows.flatMap(({ operator = "", access = "", region = "", v6_bytes }) => [
    { source: `operator ${operator}`, target: `access ${access}`, value: Number(v6_bytes) },
    { source: `access ${access}`, target: `region ${region}`, value: Number(v6_bytes) },
  ]);
  const named = (name: string) => {
    const [dimension = "", word = ""] = name.split(" ");
    return nameOf(dimension, word);
  };
  return sankey(links, named, formatter);
}

/** Quantities from nodes to nodes; links of the same two are one, and those of nothing are left out. */
export function sankey(links: readonly Link[], named: (name: string) => string, formatter: Tip): EChartsOption {
  const sums = new Map<string, { source: string; target: string; value: number }>();
  for (const { source, target, value } of links) {
    const key = `${source}\u0000${target}`;
    const found = sums.get(key);
    if (found) found.value += value;
    else if (value > 0) sums.set(key, { source, target, value });
  }
  const nodes = new Set([...sums.values()].flatMap(({ source, target }) => [source, target]));
  const targets = new Set([...sums.values()].map(({ target }) => target));
  const sources = new Set([...sums.values()].map(({ source }) => source));
  const isLast = (name: string) => targets.has(name) && !sources.has(name);
  return {
    tooltip: {
      formatter: ((row: { name: string; data: { source?: string; target?: string }; value: number }) => {
        const { source, target } = row.data;
        const name = source && target ? `${named(source)} → ${named(target)}` : named(row.name);
        return formatter({ ...row, name });
      }) as never,
    },
    series: [
      {
        type: "sankey",
        animation: false,
        left: 8,
        right: 8,
        top: 8,
        bottom: 8,
        nodeGap: 6,
        emphasis: { focus: "adjacency" },
        labelLayout: { hideOverlap: true },
        label: { color: colour("ink"), formatter: (({ name }: { name: string }) => named(name)) as never },
        itemStyle: { color: colour("v6") },
        lineStyle: { color: colour("v6"), opacity: 0.25 },
        data: [...nodes].map((name) => ({ name, ...(isLast(name) && { label: { position: "left" as const } }) })),
        links: [...sums.values()],
      },
    ],
  };
}

/** The columns behind a traffic share: its dimensions, bytes and shares; with the period before, its share and change. */
export function shareColumns(dimensions: readonly string[], past?: (row: Row) => Row | undefined): Column<Row>[] {
  const bytes = ["v6_native", "v6_transition", "v4", "total", "excluded", "unknown_sampling"] as const;
  return [
    ...dimensions
      .filter((dimension) => dimension !== "")
      .map((dimension) => ({
        name: dimension,
        title: t(`word.${dimension}`),
        value: (row: Row) => (row[dimension as keyof Row] as string | undefined) ?? null,
        text: (row: Row) => {
          const word = (row[dimension as keyof Row] as string | undefined) ?? "";
          return dimension === "at" ? moment(word) : nameOf(dimension, word);
        },
      })),
    ...(["share", "native_share"] as const).map((name) => ({
      name,
      title: t(`word.${name}`),
      value: (row: Row) => row[name],
      text: (row: Row) => percent(row[name]),
    })),
    ...bytes.map((name) => ({
      name: `${name}_bytes`,
      title: t(`word.${name}`),
      value: (row: Row) => row[`${name}_bytes`],
      text: (row: Row) => quantity(row[`${name}_bytes`], "B"),
    })),
    {
      name: "completeness",
      title: t("word.completeness"),
      value: (row) => row.completeness,
      text: (row) => percent(row.completeness),
    },
    ...(past
      ? [
          {
            name: "share_before",
            title: t("word.before"),
            value: (row: Row) => past(row)?.share ?? null,
            text: (row: Row) => percent(past(row)?.share),
          },
          {
            name: "change",
            title: t("word.change"),
            value: (row: Row) => changeOf(row, past(row)),
            text: (row: Row) => points(changeOf(row, past(row))),
          },
        ]
      : []),
  ];
}

function changeOf(row: Row, past: Row | undefined): number | null {
  return row.share === null || typeof past?.share !== "number" ? null : row.share - past.share;
}
