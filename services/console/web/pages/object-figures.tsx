import type { api } from "@v6meter/schemas";
import { computed, defineComponent } from "vue";
import { RouterLink } from "vue-router";
import { useAnswer } from "../api/answer.ts";
import { Chart, timeAxis, tip } from "../chart/chart.tsx";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { ObjectSubmissions } from "../handing-in/of-object.tsx";
import { language, t } from "../messages/index.ts";
import { figure, moment, percent, points, quantity } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { isOpen } from "../session/session.ts";
import { colour, isDark } from "../style/theme.ts";
import { useNow } from "../view/now.ts";
import { monthsUpTo, periodOf } from "../view/period.ts";
import { PeriodPicker } from "../view/period-picker.tsx";
import { useView } from "../view/view.ts";
import { seriesChart } from "./indicator-charts.ts";
import { figureColumns } from "./indicator-columns.ts";

type Row = api.ObjectTrafficAnswer["rows"][number];

const MINUTE_MS = 60_000;
const MONTHS_OFFERED = 13;
const PERIOD_WORDS = ["7d", "30d", "365d"];
/** Reported and probed figures are of months, and may be years apart. */
const KNOWN_PERIOD = "1825d";

const columns = (): Column<Row>[] => [
  { name: "at", title: t("word.at"), value: (it) => it.at ?? null, text: (it) => moment(it.at ?? null) },
  ...(["v6_bytes", "v4_bytes", "total_bytes"] as const).map((name) => ({
    name,
    title: t(`word.${name.replace("_bytes", "")}`),
    value: (it: Row) => it[name],
    text: (it: Row) => quantity(it[name], "B"),
  })),
  { name: "share", title: t("word.share"), value: (it) => it.share, text: (it) => percent(it.share) },
];

/** Bytes of both families stacked by day, and the share over them. */
function trafficChart(rows: readonly Row[], period: { from: string; to: string } | undefined) {
  const at = (it: Row) => Date.parse(it.at ?? "");
  const bars = (name: "v6_bytes" | "v4_bytes", title: string, of: string) => ({
    type: "bar" as const,
    name: title,
    stack: "bytes",
    barMaxWidth: 28,
    color: colour(of),
    data: rows.map((it) => [at(it), Number(it[name])]),
  });
  return {
    tooltip: {
      trigger: "axis" as const,
      formatter: tip(
        (it) => (it <= 1 ? percent(it) : quantity(it, "B")),
        (row) => moment((row.value as [number])[0]).slice(0, 10),
      ) as never,
    },
    xAxis: timeAxis(period),
    yAxis: [
      { type: "value" as const, axisLabel: { formatter: (it: number) => quantity(it, "B") } },
      {
        type: "value" as const,
        min: 0,
        max: 1,
        splitLine: { show: false },
        axisLabel: { formatter: (it: number) => `${Math.round(it * 100)}%` },
      },
    ],
    series: [
      bars("v6_bytes", t("word.v6"), "v6"),
      bars("v4_bytes", t("word.v4"), "v4-fill"),
      {
        type: "line" as const,
        name: t("word.share"),
        yAxisIndex: 1,
        color: colour("ink"),
        symbolSize: 6,
        data: rows.map((it) => [at(it), it.share]),
      },
    ],
  } as never;
}

/** What is reported or probed of an object by one indicator; nothing where it has no figure of it. */
const KnownFigures = defineComponent(
  (props: { id: string; indicator: api.IndicatorDescription; nowMs: number }) => {
    const { id, indicator } = props;
    const period = periodOf(KNOWN_PERIOD, props.nowMs);
    const answer = useAnswer<api.IndicatorFigures>(() => ({
      path: `/api/v1/indicators/${encodeURIComponent(indicator.id)}`,
      parameters: { ...period, object: id, interval: "1mo" },
    }));
    const option = computed(() => {
      void isDark.value;
      const rows = answer.data?.rows ?? [];
      const first = rows[0]?.at ?? period.from;
      return seriesChart([{ name: indicator[language.value], rows }], {
        unit: indicator.unit,
        period: { from: first, to: period.to },
      });
    });
    return () => {
      const rows = answer.data?.rows ?? [];
      if (answer.data !== null && rows.length === 0) return null;
      const last = rows.at(-1);
      return (
        <Room
          name={`known-${indicator.id}`}
          title={`${indicator[language.value]} ${last ? `${figure(last.value, indicator.unit)} · ${(last.at ?? "").slice(0, 7)}` : ""}`}
          definition={`${t(`class.${indicator.class}`)}：${indicator.definition[language.value]}（${indicator.source}）`}
          answer={answer}
          columns={figureColumns(["at"], indicator)}
          rows={rows}
        >
          {{ default: () => <Chart option={option.value} label={indicator[language.value]} /> }}
        </Room>
      );
    };
  },
  { props: ["id", "indicator", "nowMs"] },
);

/** One monitored object: what it is, its traffic over time, and what units report and probes find of it. */
export const ObjectFigures = defineComponent(
  (props: { id: string }) => {
    const { id } = props;
    const view = useView({ period: "30d" });
    const nowMs = useNow(MINUTE_MS);
    const period = computed(() => periodOf(view.get("period"), nowMs.value));
    const found = useAnswer<api.Objects>(() => ({ path: "/api/v1/objects", parameters: { object: id } }));
    const object = computed(() => found.data?.objects.find((it) => it.id === id));
    const traffic = useAnswer<api.ObjectTrafficAnswer>(() =>
      object.value && object.value.match.length > 0
        ? { path: "/api/v1/objects/traffic", parameters: { ...period.value, object: id, interval: "1d" } }
        : null,
    );
    const catalogue = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }));
    const telling = computed(() => (catalogue.data?.indicators ?? []).filter(({ by }) => by.includes("object")));
    const option = computed(() => {
      void isDark.value;
      return trafficChart(traffic.data?.rows ?? [], traffic.data?.period);
    });

    const facts = (it: api.Objects["objects"][number]) => {
      const list = (
        [
          ["kind", nameOf("object_kind", it.kind)],
          ["category", it.category],
          ["owner", it.owner],
          ["enterprise", it.enterprise],
          ["industry", it.industry],
          ["region", it.region === undefined ? undefined : nameOf("region", it.region)],
          [
            "match",
            it.match
              .map((one) =>
                Object.entries(one)
                  .map(([name, word]) => `${name} ${word}`)
                  .join(" + "),
              )
              .join("，") || t("objects.silent"),
          ],
        ] as const
      ).filter(([, text]) => text !== undefined);
      return (
        <section class="facts" aria-label={t("objects.facts")}>
          <p lang={language.value === "zh" ? "en" : "zh-CN"}>{language.value === "zh" ? it.en : it.zh}</p>
          <dl>
            {list.map(([name, text]) => (
              <div key={name} class={`fact-${name}`}>
                <dt>{t(`objects.${name}`)}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      );
    };
    const total = () => {
      const group = traffic.data?.groups[0];
      return (
        <dl class="card total" data-figure="object-share">
          <dt>{t("word.share")}</dt>
          <dd class="big">{percent(group?.share)}</dd>
          {group ? (
            <>
              <dd>
                <small>
                  {t("objects.traffic")} {quantity(group.total_bytes, "B")} · {t("objects.part")} {percent(group.part)}
                </small>
              </dd>
              <dd>
                <small>
                  {t("objects.change")} {points(group.change)}
                </small>
              </dd>
            </>
          ) : null}
        </dl>
      );
    };

    return () => {
      const it = object.value;
      return (
        <>
          <nav class="crumbs" aria-label={t("objects.title")}>
            <RouterLink to={{ name: "objects" }}>{{ default: () => t("objects.title") }}</RouterLink>
            {it ? <span aria-hidden="true">/</span> : null}
            {it ? (
              <RouterLink to={{ name: "objects", query: { kind: it.kind } }}>
                {{ default: () => nameOf("object_kind", it.kind) }}
              </RouterLink>
            ) : null}
          </nav>
          <div class="head">
            <h1>{it?.[language.value] ?? id}</h1>
            <div class="controls">
              <PeriodPicker
                name="object"
                label={t("period.title")}
                value={view.get("period")}
                options={[
                  ...PERIOD_WORDS.map((word) => [word, t(`period.${word}`)] as const),
                  ...monthsUpTo(nowMs.value, MONTHS_OFFERED).map((word) => [word, word] as const),
                ]}
                current={period.value}
                onChoose={(chosen) => view.set({ period: chosen })}
              />
            </div>
          </div>
          {it ? (
            <div class="facts-row">
              {total()}
              {facts(it)}
            </div>
          ) : null}
          <div class="rooms">
            <Room
              name="object"
              wide
              title={t("objects.series")}
              definition={t("objects.definition")}
              answer={it && it.match.length > 0 ? traffic : found}
              columns={columns()}
              rows={traffic.data?.rows ?? []}
              empty={
                found.data && !it ? t("objects.unknown", { id }) : it?.match.length === 0 ? t("objects.silent") : ""
              }
            >
              {{ default: () => <Chart tall option={option.value} label={t("objects.series")} /> }}
            </Room>
            {it
              ? telling.value.map((indicator) => (
                  <KnownFigures key={indicator.id} id={id} indicator={indicator} nowMs={nowMs.value} />
                ))
              : null}
            {it && isOpen(["GET /api/v1/submissions"]) ? <ObjectSubmissions id={id} series={telling.value} /> : null}
          </div>
        </>
      );
    };
  },
  { props: ["id"] },
);
