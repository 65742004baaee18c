import type { EChartsOption } from "echarts";
import { defineComponent, onBeforeUnmount, onMounted, ref, shallowRef, watch } from "vue";
import { moment } from "../names/format.ts";
import { colour, isDark } from "../style/theme.ts";

/** Points of a series from which on it is drawn for speed: what a pixel cannot show is left out until it is zoomed to. */
const MANY_POINTS = 2_000;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

interface Drawn {
  setOption(option: EChartsOption, rules: { notMerge: boolean }): void;
  resize(): void;
  dispose(): void;
  getDataURL(options: { type: "png"; pixelRatio: number; backgroundColor: string }): string;
  on(event: "click", handler: (event: { name: string; seriesName?: string }) => void): void;
}

/** A chart on a canvas: ECharts is loaded with the first one. `picture` gives it as PNG, once it is drawn. */
export const Chart = defineComponent(
  (
    props: { option: EChartsOption; label: string; tall?: boolean; onPick?: (name: string) => void },
    { expose }: { expose: (it: object) => void },
  ) => {
    const place = ref<HTMLElement>();
    const chart = shallowRef<Drawn>();
    let sizes: ResizeObserver | undefined;
    let gone = false;

    const draw = () => chart.value?.setOption(dressed(props.option), { notMerge: true });
    onMounted(async () => {
      const { init } = await import("./echarts.ts");
      if (gone || !place.value) return;
      const made = init(place.value, undefined, { renderer: "canvas" }) as unknown as Drawn;
      made.on("click", ({ name }) => props.onPick?.(name));
      chart.value = made;
      draw();
      let drawnPx = typePx();
      sizes = new ResizeObserver(() => {
        made.resize();
        if (drawnPx === typePx()) return;
        drawnPx = typePx();
        draw();
      });
      sizes.observe(place.value);
    });
    watch(() => [props.option, isDark.value], draw);
    onBeforeUnmount(() => {
      gone = true;
      sizes?.disconnect();
      chart.value?.dispose();
    });
    expose({
      picture: () => chart.value?.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: colour("surface") }),
    });
    return () => (
      <div
        ref={place}
        class={["chart", props.tall && "chart-tall"]}
        role="img"
        aria-label={props.label}
        data-drawn={chart.value ? "yes" : "no"}
        data-points={pointsOf(props.option)}
      />
    );
  },
  { props: ["option", "label", "tall", "onPick"] },
);

type Series = { readonly type?: string; readonly data?: readonly unknown[] };

const seriesOf = ({ series = [] }: EChartsOption) => [series].flat() as Series[];

function pointsOf(option: EChartsOption): number {
  return seriesOf(option).reduce((sum, { data = [] }) => sum + data.length, 0);
}

/** A series as given, or where it has many points as one that answers while it is zoomed. */
function quick(series: Series): Series {
  if ((series.data?.length ?? 0) < MANY_POINTS) return series;
  return { sampling: "lttb", showSymbol: false, large: true, progressive: 5_000, ...series } as Series;
}

interface TipRow {
  readonly marker?: unknown;
  readonly seriesName?: string;
  readonly name: string;
  readonly value: unknown;
  readonly color?: unknown;
}

/** Texts of a tooltip as nodes: ECharts' own are HTML with inline styles, which the page's policy refuses. */
export function tip(valueText: (value: number) => string, title: (row: TipRow) => string = ({ name }) => name) {
  return (rows: unknown): HTMLElement => {
    const list = (Array.isArray(rows) ? rows : [rows]) as TipRow[];
    const box = document.createElement("div");
    box.className = "tip";
    const head = document.createElement("strong");
    head.textContent = list[0] ? title(list[0]) : "";
    box.append(head);
    for (const { seriesName, value, color } of list) {
      const line = document.createElement("div");
      const mark = document.createElement("i");
      if (typeof color === "string") mark.style.background = color;
      const last = Array.isArray(value) ? value[1] : value;
      const text = typeof last === "number" ? valueText(last) : "—";
      line.append(mark, `${seriesName && !seriesName.startsWith("series") ? `${seriesName} ` : ""}${text}`);
      box.append(line);
    }
    return box;
  };
}

/** An axis over a whole period, with or without figures, told in Asia/Shanghai. */
export function timeAxis(period: { from: string; to: string } | undefined) {
  const whole = period && { min: Date.parse(period.from), max: Date.parse(period.to) };
  const isLong = whole !== undefined && whole.max - whole.min > 172_800_000;
  const formatter = (at: number) => (isLong ? moment(at).slice(2, 10) : moment(at).slice(5));
  return { type: "time" as const, ...whole, axisLabel: { formatter, hideOverlap: true } };
}

/** Of the page's type, what is written in a chart. */
const CHART_TYPE = 0.8;

/** Size of texts in charts in px: the page's, which is larger on a wall. */
const typePx = () => Math.round(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * CHART_TYPE);

/** Puts the page's colours and type under an option. */
function dressed(option: EChartsOption): EChartsOption {
  const fontSize = typePx();
  const ink = colour("ink");
  const faint = colour("line");
  const axis = {
    axisLine: { lineStyle: { color: faint } },
    axisLabel: { color: colour("ink-2"), fontSize, hideOverlap: true },
    splitLine: { lineStyle: { color: faint } },
  };
  const each = <T extends object>(axes: T | T[] | undefined) =>
    axes &&
    (Array.isArray(axes) ? axes : [axes]).map((one) => ({
      ...axis,
      ...one,
      axisLabel: { ...axis.axisLabel, ...(one as { axisLabel?: object }).axisLabel },
    }));
  const { xAxis, yAxis, tooltip, dataZoom, ...rest } = option;
  const isMany = pointsOf(option) >= MANY_POINTS;
  return {
    animation: !reducedMotion.matches && !isMany,
    // Sampled is what the zoom leaves: of a zoom that leaves all, points would stay out however far it goes.
    ...(dataZoom && {
      dataZoom: [dataZoom].flat().map((zoom) => ({ ...zoom, ...(isMany && { filterMode: "filter" }) })),
    }),
    animationDuration: 200,
    animationDurationUpdate: 200,
    textStyle: { color: ink, fontSize, fontFamily: getComputedStyle(document.body).fontFamily },
    legend: { textStyle: { color: ink, fontSize }, type: "scroll", top: 0 },
    grid: { left: 8, right: 16, top: 3 * fontSize, bottom: 8, containLabel: true },
    ...rest,
    series: seriesOf(option).map(quick),
    ...(tooltip && {
      tooltip: {
        confine: true,
        backgroundColor: colour("surface"),
        borderColor: faint,
        textStyle: { color: ink, fontSize },
        ...tooltip,
      },
    }),
    ...(xAxis && { xAxis: each(xAxis as object) }),
    ...(yAxis && { yAxis: each(yAxis as object) }),
  } as EChartsOption;
}
