import type { ReportChart, SeriesTone } from "@v6meter/schemas";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { grouped } from "../format.ts";

use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

/** The platform's colours: told apart by the colour-blind, and in print by their lightness. */
export const TONES: Readonly<Record<SeriesTone, string>> = {
  v6: "#0b63b0",
  v4: "#c9a227",
  mobile: "#0f8a6a",
  fixed: "#8a4fa3",
  other: "#6b7785",
  target: "#b3261e",
};
/** Colours of a chart's words and lines; a page may put its own in their place. */
export const INK = { text: "#2b3440", line: "#d5dbe1" } as const;

/** Points on a side that a chart is drawn for. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** A size that gives every lying bar its line. */
export function sizeOf({ form, categories }: ReportChart, width: number): ChartSize {
  return { width, height: form === "bars" ? 64 + categories.length * 24 : Math.round(width * 0.42) };
}

/** A chart as SVG, without styles or scripts; the same chart gives the same text. */
export function chartSvg(chart: ReportChart, { width, height }: ChartSize, fontFamily: string): string {
  const drawing = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    drawing.setOption(optionOf(chart, fontFamily));
    return plain(drawing.renderToSVGString(), chart.id);
  } finally {
    drawing.dispose();
  }
}

/** The name of a value axis's unit, with the title where there is none. */
export function scaledValues({ series, scale }: ReportChart): (number | null)[][] {
  return series.map(({ values }) => values.map((value) => (value === null ? null : value / scale.divisor)));
}

function optionOf(chart: ReportChart, fontFamily: string) {
  const { form, categories, series, scale } = chart;
  const lying = form === "bars";
  const values = scaledValues(chart);
  const words = { color: INK.text, fontFamily, fontSize: 12 };
  const category = {
    type: "category" as const,
    data: categories,
    inverse: lying,
    axisLabel: { ...words, ...(lying && { interval: 0 }) },
    axisLine: { lineStyle: { color: INK.line } },
    axisTick: { show: false },
  };
  const value = {
    type: "value" as const,
    name: scale.suffix,
    nameTextStyle: words,
    axisLabel: words,
    splitLine: { lineStyle: { color: INK.line } },
  };
  return {
    animation: false,
    textStyle: { fontFamily, color: INK.text },
    grid: {
      left: lying ? roomFor(categories) : 64,
      right: lying ? 64 : 24,
      top: series.length > 1 ? 48 : 32,
      bottom: 32,
    },
    ...(series.length > 1 && {
      legend: { top: 4, textStyle: words, icon: form === "line" ? "path://M0 4h20v2H0z" : "rect" },
    }),
    xAxis: lying ? { ...value, name: "" } : category,
    yAxis: lying ? category : value,
    series: series.map(({ name, tone }, at) => ({
      name,
      type: form === "line" ? ("line" as const) : ("bar" as const),
      data: values[at] as (number | null)[],
      itemStyle: { color: TONES[tone] },
      lineStyle: { color: TONES[tone], width: 2, type: (["solid", "dashed", "dotted"] as const)[at % 3] },
      symbol: (["circle", "rect", "triangle"] as const)[at % 3],
      symbolSize: 6,
      ...(form === "stacked" && { stack: "all" }),
      ...(lying && {
        barMaxWidth: 14,
        label: {
          show: true,
          position: "right" as const,
          ...words,
          formatter: ({ value }: { value: unknown }) => `${grouped(Number(value), 2)}${scale.suffix}`,
        },
      }),
    })),
  };
}

const LABEL_POINTS = { least: 88, most: 280, wide: 12, narrow: 6.8, gap: 14 } as const;

/** Points that the longest name of a lying bar takes at 12 points: Chinese characters are as wide as high. */
function roomFor(categories: readonly string[]): number {
  const { least, most, wide, narrow, gap } = LABEL_POINTS;
  const widths = categories.map((name) =>
    [...name].reduce<number>((all, it) => all + (it > "\u2e80" ? wide : narrow), gap),
  );
  return Math.min(most, Math.max(least, ...widths));
}

/** Without what only a page with animations needs, its ids by the chart's name instead of a counter. */
function plain(svg: string, id: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/ class="[^"]*"/g, "")
    .replace(/zr\d+-/g, `${id}-`)
    .replace(/ style="([^"]*)"/g, (_, style: string) =>
      style
        .split(";")
        .map((part) => part.split(":"))
        .filter(([name, value]) => name && value && /^(font-(size|family|weight)|fill|stroke)$/.test(name.trim()))
        .map(([name, value]) => ` ${name?.trim()}="${value?.trim().replaceAll('"', "")}"`)
        .join(""),
    );
}
