import type { api } from "@v6meter/schemas";
import { INDICATOR_INTERVALS, type IndicatorGrouping } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { RouterLink } from "vue-router";
import { useAnswer } from "../api/answer.ts";
import { Chart } from "../chart/chart.tsx";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { figure, number, percent } from "../names/format.ts";
import { loadObjects, nameOf, wordsOf } from "../names/names.ts";
import { isDark } from "../style/theme.ts";
import { useNow } from "../view/now.ts";
import { monthOf, monthsUpTo, PERIODS, periodOf } from "../view/period.ts";
import { PeriodPicker } from "../view/period-picker.tsx";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";
import { BARS_MAX, groupsChart, LINES_MAX, METHOD_SHAPES, type Row, seriesChart } from "./indicator-charts.ts";
import { figureColumns } from "./indicator-columns.ts";
import { IndicatorFacts } from "./indicator-facts.tsx";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const GROUPINGS_AT_ONCE = 2;
/** Figures of units are of months: hours and days of them say nothing. */
const LONG_PERIODS = ["365d", "1825d"];
const PERIOD_WORDS = Object.keys(PERIODS).filter((word) => word !== "5m");
const MONTHS_OFFERED = 13;
const FILTERS = [
  "region",
  "operator",
  "access",
  "direction",
  "technology",
  "observation_point",
  "family",
  "kind",
] as const;
const SIGNS = { circle: "●", diamond: "◆", triangle: "▲", rect: "■" } as const;

/** Widths in time an indicator is told in. */
function intervalsOf({ class: source, kind }: api.IndicatorDescription): readonly string[] {
  if (source === "reported" || source === "probe") return ["1mo"];
  return kind === "distinct" ? ["1d", "1mo"] : INDICATOR_INTERVALS;
}

/** The figures of one indicator: now, over time and by any grouping it allows. */
export const IndicatorFigures = defineComponent(
  (props: { indicator: api.IndicatorDescription }) => {
    const { indicator } = props;
    const nowMs = useNow(MINUTE_MS);
    const intervals = intervalsOf(indicator);
    const isReported = intervals.length === 1;
    const isDistinct = indicator.kind === "distinct";
    const usual = isReported ? "1825d" : isDistinct ? monthOf(nowMs.value) : "24h";
    const view = useView({
      period: "",
      by: indicator.by[0] ?? "",
      interval: "",
      ...(Object.fromEntries(FILTERS.map((name) => [name, ""])) as Record<(typeof FILTERS)[number], string>),
    });
    if (indicator.by.includes("object")) void loadObjects();

    const word = () => view.get("period") || usual;
    const period = computed(() => periodOf(word(), nowMs.value));
    const hours = () => (Date.parse(period.value.to) - Date.parse(period.value.from)) / HOUR_MS;
    const interval = () => {
      const asked = view.get("interval");
      if (intervals.includes(asked)) return asked;
      return intervals.find((it) => (it === "1h" ? hours() <= 100 : it === "1d" ? hours() <= 9_000 : true)) as string;
    };
    const by = () => view.list("by").filter((name) => (indicator.by as readonly string[]).includes(name));
    const filters = () =>
      Object.fromEntries(FILTERS.filter((name) => indicator.by.includes(name)).map((name) => [name, view.list(name)]));
    // Subscribers are told apart within a month: of a longer period the whole is that of its last month.
    const whole = () => {
      const last = monthOf(Date.parse(period.value.to) - 1);
      return isDistinct && monthOf(Date.parse(period.value.from)) !== last ? periodOf(last, nowMs.value) : period.value;
    };
    const asked = (over: { from: string; to: string }, more: Record<string, string>) => ({
      path: `/api/v1/indicators/${encodeURIComponent(indicator.id)}`,
      parameters: { ...over, ...filters(), ...(by().length > 0 && { by: by().join(",") }), ...more },
    });
    const series = useAnswer<api.IndicatorFigures>(() => asked(period.value, { interval: interval() }));
    const groups = useAnswer<api.IndicatorFigures>(() => asked(whole(), {}));

    const nameOfRow = (row: Row) =>
      by()
        .map((name) => nameOf(name, row[name as IndicatorGrouping] || "unknown"))
        .join(" · ") || indicator[language.value];
    const sorted = computed(() => (groups.data?.rows ?? []).toSorted((a, b) => (b.value ?? -1) - (a.value ?? -1)));
    const lines = computed(() => {
      const found = Map.groupBy(series.data?.rows ?? [], nameOfRow);
      const order = [...new Set([...sorted.value.map(nameOfRow), ...found.keys()])].filter((name) => found.has(name));
      return order.map((name) => ({ name, rows: found.get(name) as Row[] }));
    });
    /** Units begin to report at some time: where no period was chosen, what is drawn begins with the first figure. */
    const drawnPeriod = () => {
      const times = (series.data?.rows ?? []).map(({ at }) => at as string);
      const isChosen = !isReported || view.get("period") !== "" || times.length === 0;
      const first = times.reduce((a, b) => (a < b ? a : b), times[0] ?? "");
      return isChosen ? period.value : { ...period.value, from: first };
    };
    const charts = {
      series: computed(() => {
        void isDark.value;
        return seriesChart(lines.value.slice(0, LINES_MAX), { unit: indicator.unit, period: drawnPeriod() });
      }),
      groups: computed(() => {
        void isDark.value;
        return groupsChart(sorted.value, nameOfRow, indicator.unit);
      }),
    };

    const toggle = (name: string) => {
      const now = by();
      const next = now.includes(name) ? now.filter((it) => it !== name) : [...now, name].slice(-GROUPINGS_AT_ONCE);
      view.set({ by: next.join(",") || "-" });
    };
    const controls = () => (
      <div class="controls">
        <PeriodPicker
          name="figures"
          label={t("period.title")}
          value={word()}
          options={[
            ...(isReported ? LONG_PERIODS : PERIOD_WORDS).map((it) => [it, t(`period.${it}`)] as const),
            ...monthsUpTo(nowMs.value, MONTHS_OFFERED).map((it) => [it, it] as const),
          ]}
          current={period.value}
          onChoose={(chosen) => view.set({ period: chosen === usual ? "" : chosen })}
        />
        <Select
          label={t("traffic.interval")}
          value={view.get("interval")}
          options={[["", t("traffic.auto")], ...intervals.map((it) => [it, t(`interval.${it}`)] as const)]}
          onChoose={(chosen) => view.set({ interval: chosen })}
        />
        {FILTERS.filter((name) => indicator.by.includes(name)).map((name) => (
          <Select
            key={name}
            label={t(`word.${name}`)}
            value={view.get(name)}
            options={[["", t("word.all")], ...wordsOf(name).map((it) => [it, nameOf(name, it)] as const)]}
            onChoose={(chosen) => view.set({ [name]: chosen })}
          />
        ))}
      </div>
    );
    const total = () => {
      const it = groups.data?.total;
      const notes = it
        ? [
            it.method === undefined
              ? null
              : t(it.high === null ? "indicators.atLeast" : "overview.interval", {
                  low: number(it.low),
                  high: number(it.high),
                  method: t(`users.${it.method}`),
                }),
            it.coverage === undefined ? null : `${t("word.coverage")} ${percent(it.coverage)}`,
            it.completeness === null ? null : `${t("word.completeness")} ${percent(it.completeness)}`,
            it.denominator === null || it.numerator === null
              ? null
              : `${number(it.numerator)} ÷ ${number(it.denominator)}`,
          ].filter((note): note is string => note !== null)
        : [];
      return (
        <dl class="card total" data-figure="total">
          <dt>
            {word() in PERIODS ? t(`period.${word()}`) : word().replace("~", " – ").replaceAll("T", " ")}
            {whole() === period.value ? "" : ` · ${monthOf(Date.parse(whole().from))}`}
          </dt>
          <dd class="big">{it?.suppressed ? t("users.suppressed") : figure(it?.value, indicator.unit)}</dd>
          {notes.map((note) => (
            <dd key={note}>
              <small>{note}</small>
            </dd>
          ))}
        </dl>
      );
    };
    const methods = () => {
      const found = new Set((series.data?.rows ?? []).flatMap(({ method }) => (method === undefined ? [] : [method])));
      if (found.size === 0) return null;
      return (
        <p class="legend">
          {[...found].map((it) => (
            <span key={it}>
              <i aria-hidden="true">{SIGNS[METHOD_SHAPES[it]]}</i> {t(`users.${it}`)}
            </span>
          ))}
        </p>
      );
    };
    const definition = () => `${indicator.definition[language.value]}（${indicator.source}）`;
    const rest = (all: number, max: number) =>
      all > max ? <p class="legend">{t("indicators.others", { shown: max, count: all })}</p> : null;

    return () => (
      <>
        <nav class="crumbs" aria-label={t("indicators.title")}>
          <RouterLink to={{ name: "indicators" }}>{{ default: () => t("indicators.title") }}</RouterLink>
          <span aria-hidden="true">/</span>
          <RouterLink to={{ name: "indicators", query: { dimension: indicator.dimension } }}>
            {{ default: () => nameOf("dimension", indicator.dimension) }}
          </RouterLink>
        </nav>
        <div class="head">
          <h1>{indicator[language.value]}</h1>
        </div>
        <div class="facts-row">
          {total()}
          <IndicatorFacts indicator={indicator} />
        </div>
        {controls()}
        {indicator.by.length > 0 ? (
          <fieldset class="tabs small">
            <legend>{t("traffic.by")}</legend>
            {indicator.by.map((name) => (
              <button
                key={name}
                type="button"
                data-by={name}
                aria-pressed={by().includes(name)}
                onClick={() => toggle(name)}
              >
                {t(`word.${name}`)}
              </button>
            ))}
          </fieldset>
        ) : null}
        <div class="rooms">
          <Room
            name="series"
            wide={by().length === 0}
            title={t("indicators.series")}
            definition={definition()}
            answer={series}
            columns={figureColumns(["at", ...by()], indicator)}
            rows={series.data?.rows ?? []}
            completeness={series.data?.total.completeness ?? null}
          >
            {{
              default: () => (
                <>
                  <Chart
                    tall
                    option={charts.series.value}
                    label={`${indicator[language.value]}: ${t("indicators.series")}`}
                  />
                  {methods()}
                  {rest(lines.value.length, LINES_MAX)}
                </>
              ),
            }}
          </Room>
          {by().length === 0 ? null : (
            <Room
              name="groups"
              title={t("indicators.groups", {
                by: by()
                  .map((it) => t(`word.${it}`))
                  .join(" × "),
              })}
              definition={definition()}
              answer={groups}
              columns={figureColumns(by(), indicator)}
              rows={sorted.value}
              completeness={groups.data?.total.completeness ?? null}
            >
              {{
                default: () => (
                  <>
                    <Chart
                      tall
                      option={charts.groups.value}
                      label={`${indicator[language.value]}: ${by().join(", ")}`}
                    />
                    {rest(sorted.value.length, BARS_MAX)}
                  </>
                ),
              }}
            </Room>
          )}
        </div>
      </>
    );
  },
  { props: ["indicator"] },
);
