import type { api } from "@v6meter/schemas";
import { SHARE_DIMENSIONS, SHARE_INTERVALS } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { useAnswer } from "../api/answer.ts";
import { Chart, tip } from "../chart/chart.tsx";
import { Room } from "../chart/room.tsx";
import { t } from "../messages/index.ts";
import { moment, percent, points, quantity } from "../names/format.ts";
import { nameOf, wordsOf } from "../names/names.ts";
import { isDark } from "../style/theme.ts";
import { useNow } from "../view/now.ts";
import { before, comparedPeriod, intervalOf, PERIODS, type Period, periodOf } from "../view/period.ts";
import { PeriodPicker } from "../view/period-picker.tsx";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";
import { flowChart, groupChart, type Row, seriesChart, shareColumns } from "./traffic-charts.ts";
import { below, Crumbs } from "./traffic-crumbs.tsx";
import { TrafficInterconnect } from "./traffic-interconnect.tsx";
import { TrafficPeers } from "./traffic-peers.tsx";

const DEFAULTS = {
  period: "24h",
  by: "region",
  interval: "",
  shape: "stack",
  compare: "",
  region: "",
  operator: "",
  access: "",
  direction: "",
  exporter: "",
};
const FILTERS = ["region", "operator", "access", "direction", "exporter"] as const;
const MINUTE_MS = 60_000;

export default defineComponent(() => {
  const view = useView(DEFAULTS);
  const nowMs = useNow(MINUTE_MS);
  const period = computed(() => periodOf(view.get("period"), nowMs.value));
  const compared = computed(() => comparedPeriod(view.get("compare"), period.value));
  const filters = () => Object.fromEntries(FILTERS.map((name) => [name, view.list(name)]));
  const interval = () => view.get("interval") || intervalOf(period.value);
  const by = () => view.get("by");
  const asked = (more: Record<string, string>, over = period.value) => ({
    path: "/api/v1/traffic/share",
    parameters: { ...over, ...filters(), ...more },
  });

  const isStack = () => view.get("shape") === "stack";
  const series = useAnswer<api.TrafficShare>(() =>
    asked({ interval: interval(), ...(!isStack() && by() !== "" && { by: by() }) }),
  );
  const past = useAnswer<api.TrafficShare>(() =>
    compared.value ? asked({ interval: interval() }, compared.value) : null,
  );
  const groups = useAnswer<api.TrafficShare>(() => asked(by() === "" ? {} : { by: by() }));
  const groupsPast = useAnswer<api.TrafficShare>(() =>
    compared.value ? asked(by() === "" ? {} : { by: by() }, compared.value) : null,
  );
  const flow = useAnswer<api.TrafficShare>(() => asked({ by: "operator,access,region" }));

  const groupOf = (row: Row): string => row[by() as keyof Row] as string;
  const groupRows = computed(() =>
    (groups.data?.rows ?? []).toSorted((a, b) => Number(b.total_bytes) - Number(a.total_bytes)),
  );
  const pastOf = computed(() => {
    if (!compared.value) return null;
    return new Map((groupsPast.data?.rows ?? []).map((row) => [groupOf(row), row]));
  });
  const options = {
    series: computed(() => {
      void isDark.value;
      return seriesChart(series.data?.rows ?? [], {
        shape: view.get("shape"),
        by: isStack() ? "" : by(),
        past: compared.value ? (past.data?.rows ?? []) : [],
        period: series.data?.period,
        shiftMs: compared.value ? Date.parse(period.value.from) - Date.parse(compared.value.from) : 0,
        tip: (text) => tip(text, (row) => moment((row.value as [number])[0])),
      });
    }),
    groups: computed(() => {
      void isDark.value;
      return groupChart(groupRows.value, (row) => (by() === "" ? t("word.all") : nameOf(by(), groupOf(row))), tip);
    }),
    flow: computed(() => {
      void isDark.value;
      return flowChart(
        flow.data?.rows ?? [],
        tip((it) => quantity(it, "B")),
      );
    }),
  };

  const drill = (name: string) => {
    const row = groupRows.value.find((it) => nameOf(by(), groupOf(it)) === name);
    const filter = FILTERS.find((it) => it === by());
    if (!row || !filter) return;
    view.go({ [filter]: groupOf(row), by: below(filter) });
  };

  const choice = (name: keyof typeof DEFAULTS, label: string, choices: readonly (readonly [string, string])[]) => (
    <Select label={label} value={view.get(name)} options={choices} onChoose={(word) => view.set({ [name]: word })} />
  );
  const filter = (name: "region" | "operator" | "access" | "direction") =>
    choice(name, t(`word.${name}`), [
      ["", t("word.all")],
      ...wordsOf(name).map((word) => [word, nameOf(name, word)] as const),
      ...(wordsOf(name).includes("unknown") ? [] : [["unknown", nameOf(name, "unknown")] as const]),
    ]);
  const controls = () => (
    <div class="controls">
      <PeriodPicker
        name="period"
        label={t("period.title")}
        value={view.get("period")}
        options={Object.keys(PERIODS).map((word) => [word, t(`period.${word}`)] as const)}
        current={period.value}
        onChoose={(word) => view.set({ period: word })}
      />
      <PeriodPicker
        name="compare"
        label={t("traffic.compare")}
        value={view.get("compare")}
        options={[
          ["", t("traffic.compareNone")],
          ["before", t("traffic.compareBefore")],
          ["year", t("traffic.compareYear")],
        ]}
        current={compared.value ?? before(period.value)}
        onChoose={(word) => view.set({ compare: word })}
      />
      {choice("by", t("traffic.by"), [
        ["", t("word.none")],
        ...SHARE_DIMENSIONS.map((word) => [word, t(`word.${word}`)] as const),
      ])}
      {choice(
        "shape",
        t("traffic.shape"),
        (["stack", "share", "volume"] as const).map((it) => [it, t(`traffic.${it}`)]),
      )}
      {choice("interval", t("traffic.interval"), [
        ["", t("traffic.auto")],
        ...SHARE_INTERVALS.map((it) => [it, it] as const),
      ])}
      {(["region", "operator", "access", "direction"] as const).map(filter)}
    </div>
  );

  const comparison = ({ from, to }: Period) => {
    const [now, then] = [groups.data?.total, groupsPast.data?.total];
    const change = typeof now?.share === "number" && typeof then?.share === "number" ? now.share - then.share : null;
    return (
      <span data-figure="compared">
        {`${moment(from)} – ${moment(to)}: ${percent(then?.share)} (${points(change)}), ${quantity(then?.total_bytes, "B")}`}
      </span>
    );
  };

  return () => (
    <>
      <div class="head">
        <h1>{t("traffic.title")}</h1>
        <strong data-figure="share">
          {t("word.share")} {percent(groups.data?.total.share)}
        </strong>
        <span data-figure="total">{quantity(groups.data?.total.total_bytes, "B")}</span>
        {compared.value ? comparison(compared.value) : null}
      </div>
      {controls()}
      <Crumbs view={view} />
      <div class="rooms">
        <Room
          name="series"
          wide
          title={t("traffic.series")}
          definition={t("traffic.definition")}
          answer={series}
          columns={shareColumns(isStack() ? ["at"] : ["at", by()])}
          rows={series.data?.rows ?? []}
          completeness={series.data?.total.completeness ?? null}
        >
          {{ default: () => <Chart tall option={options.series.value} label={t("traffic.series")} /> }}
        </Room>
        <Room
          name="groups"
          title={t("traffic.groups")}
          definition={t("traffic.definition")}
          answer={groups}
          columns={shareColumns([by()], pastOf.value ? (row) => pastOf.value?.get(groupOf(row)) : undefined)}
          rows={groupRows.value}
          completeness={groups.data?.total.completeness ?? null}
        >
          {{
            default: () => (
              <>
                <Chart tall option={options.groups.value} label={t("traffic.groups")} onPick={drill} />
                <p class="crumbs">
                  {groupRows.value.slice(0, 30).map((row) => (
                    <button
                      key={groupOf(row) ?? ""}
                      type="button"
                      data-group={groupOf(row)}
                      onClick={() => drill(nameOf(by(), groupOf(row)))}
                    >
                      {by() === "" ? t("word.all") : nameOf(by(), groupOf(row))} {percent(row.share)}
                    </button>
                  ))}
                </p>
              </>
            ),
          }}
        </Room>
        <Room
          name="flow"
          title={t("traffic.flow")}
          definition={t("traffic.flowDefinition")}
          answer={flow}
          columns={shareColumns(["operator", "access", "region"])}
          rows={flow.data?.rows ?? []}
          completeness={flow.data?.total.completeness ?? null}
        >
          {{ default: () => <Chart tall option={options.flow.value} label={t("traffic.flow")} /> }}
        </Room>
        <TrafficPeers period={period.value} operators={view.list("operator")} />
        <TrafficInterconnect period={period.value} operators={view.list("operator")} />
      </div>
    </>
  );
});
