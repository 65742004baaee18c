import type { api } from "@v6meter/schemas";
import { SEQUENCE_UNITS } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { type Answer, useAnswer } from "../api/answer.ts";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { Sparkline } from "../chart/sparkline.tsx";
import { language, t } from "../messages/index.ts";
import { figure, number, percent, points, quantity } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { toldUsers } from "../names/told-users.ts";
import { identity, isOpen } from "../session/session.ts";
import { useNow } from "../view/now.ts";
import { before, intervalOf, monthOf, periodOf } from "../view/period.ts";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";
import { LiveTraffic } from "./live-traffic.tsx";
import { TileMap } from "./tile-map.tsx";

const PERIOD_WORDS = ["1h", "24h", "7d", "30d", "365d"] as const;
const MINUTE_MS = 60_000;

/** A headline figure; what stands below it says how it is to be read. */
const Card = ({
  name,
  title,
  value,
  notes,
  bad,
  course = [],
}: {
  name: string;
  title: string;
  value: string;
  notes: string[];
  bad?: boolean;
  course?: readonly (number | null)[];
}) => (
  <dl class={["card", bad && "bad"]} data-figure={name}>
    <dt>{title}</dt>
    <dd class="big">
      {value}
      <Sparkline values={course} />
    </dd>
    {notes.map((note) => (
      <dd key={note}>
        <small>{note}</small>
      </dd>
    ))}
  </dl>
);
Card.props = ["name", "title", "value", "notes", "bad", "course"];

export default defineComponent(() => {
  const view = useView({ period: "24h", indicator: "traffic_share" });
  const nowMs = useNow(MINUTE_MS);
  const period = computed(() => periodOf(view.get("period"), nowMs.value));

  const catalogue = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }));
  // An operator is told what is told by operator.
  const isTold = (by: readonly string[]) => identity.value?.operator == null || by.includes("operator");
  const choices = computed(() =>
    (catalogue.data?.indicators ?? []).filter(({ by }) => by.includes("region") && isTold(by)),
  );
  const map = useAnswer<api.IndicatorFigures>(() => ({
    path: `/api/v1/indicators/${encodeURIComponent(view.get("indicator"))}`,
    parameters: { ...period.value, by: "region" },
  }));
  const share = useAnswer<api.TrafficShare>(() => ({ path: "/api/v1/traffic/share", parameters: { ...period.value } }));
  const past = useAnswer<api.TrafficShare>(() => ({
    path: "/api/v1/traffic/share",
    parameters: { ...before(period.value) },
  }));
  const course = useAnswer<api.TrafficShare>(() => ({
    path: "/api/v1/traffic/share",
    parameters: { ...period.value, interval: intervalOf(period.value) },
  }));
  const users = useAnswer<api.ActiveUsers>(() => ({
    path: "/api/v1/users/active",
    parameters: { month: monthOf(nowMs.value) },
  }));
  const ledger = useAnswer<api.Ledger>(() => ({ path: "/api/v1/ledger", parameters: { ...period.value } }));
  const targets = useAnswer<api.Targets>(() => (isOpen(["GET /api/v1/targets"]) ? { path: "/api/v1/targets" } : null));

  const targetOf = (indicator: string, unit: string): string[] => {
    const next = targets.data?.targets
      .filter((it) => it.indicator === indicator && Object.keys(it.where).length === 0 && it.by >= monthOf(nowMs.value))
      .at(0);
    if (!next) return [];
    const words = {
      name: next[language.value],
      value: figure(next.value, unit),
      by: next.by,
      current: figure(next.current?.value, unit),
      month: next.current?.month ?? "",
    };
    const text = t(next.current === null ? "overview.targetOf" : "overview.target", words);
    // What the country has reached is not what is shown here.
    return [next.scope === "national" ? t("overview.ofCountry", { text }) : text];
  };
  const trend = (of: "share" | "native_share"): string[] => {
    const [now, then] = [share.data?.total[of], past.data?.total[of]];
    if (typeof now !== "number" || past.data === null) return [];
    return [typeof then === "number" ? t("overview.trend", { change: points(now - then) }) : t("overview.noTrend")];
  };
  const headline = () => {
    const total = share.data?.total;
    const active = users.data?.total;
    const books = ledger.data?.total;
    const failed = (answer: Answer<unknown>) =>
      answer.problem ? [answer.problem.message || t("state.unreachable")] : [];
    return (
      <div class="figures-row">
        <Card
          name="share"
          title={t("overview.share")}
          value={percent(total?.share)}
          course={(course.data?.rows ?? []).map((row) => row.share)}
          notes={[
            ...failed(share),
            ...trend("share"),
            ...targetOf("traffic_share", "ratio"),
            ...targetOf("national_traffic_share", "ratio"),
          ]}
        />
        <Card
          name="native"
          title={t("overview.native")}
          value={percent(total?.native_share)}
          course={(course.data?.rows ?? []).map((row) => row.native_share)}
          notes={[...trend("native_share"), ...targetOf("native_share", "ratio")]}
        />
        <Card
          name="traffic"
          title={t("overview.traffic")}
          value={quantity(total?.total_bytes, "B")}
          notes={
            total && total.unknown_sampling_bytes !== "0"
              ? [`${t("word.unknown_sampling")} ${quantity(total.unknown_sampling_bytes, "B")}`]
              : []
          }
        />
        <Card
          name="users"
          title={t("overview.users")}
          value={active?.suppressed ? t("users.suppressed") : number(active?.users)}
          notes={[
            ...failed(users),
            ...(active ? [toldUsers(active)] : []),
            ...targetOf("reported_active_connections", "users"),
          ]}
        />
        <Card
          name="completeness"
          title={t("overview.completeness")}
          value={percent(books?.completeness)}
          bad={books !== undefined && !books.balanced}
          notes={[
            ...failed(ledger),
            ...(books
              ? [
                  t("overview.lost", {
                    lost: number(books.sequence.lost),
                    expected: number(books.sequence.expected),
                    units: SEQUENCE_UNITS.map((unit) => nameOf("book_unit", unit)).join(
                      language.value === "zh" ? "或" : " or ",
                    ),
                  }),
                  t(books.balanced ? "exporters.balanced" : "exporters.unbalanced"),
                ]
              : []),
          ]}
        />
      </div>
    );
  };

  const columns = (): Column<api.IndicatorFigures["rows"][number]>[] => {
    const unit = map.data?.indicator.unit ?? "ratio";
    return [
      {
        name: "region",
        title: t("word.region"),
        value: (it) => it.region ?? null,
        text: (it) => nameOf("region", it.region ?? ""),
      },
      {
        name: "value",
        title: t("word.value"),
        value: (it) => it.value,
        text: (it) => (it.suppressed ? t("users.suppressed") : figure(it.value, unit)),
      },
      {
        name: "numerator",
        title: t("word.numerator"),
        value: (it) => it.numerator,
        text: (it) => number(it.numerator),
      },
      {
        name: "denominator",
        title: t("word.denominator"),
        value: (it) => it.denominator,
        text: (it) => number(it.denominator),
      },
      {
        name: "completeness",
        title: t("word.completeness"),
        value: (it) => it.completeness,
        text: (it) => percent(it.completeness),
      },
    ];
  };

  return () => {
    const indicator = map.data?.indicator;
    return (
      <>
        <div class="head">
          <h1>{t("overview.title")}</h1>
          <Select
            label={t("period.title")}
            value={view.get("period")}
            options={PERIOD_WORDS.map((word) => [word, t(`period.${word}`)] as const)}
            onChoose={(word) => view.set({ period: word })}
          />
        </div>
        {headline()}
        <div class="rooms rooms-fill">
          <Room
            name="map"
            title={`${t("overview.map")} · ${indicator?.[language.value] ?? ""} ${indicator ? figure(map.data?.total.value, indicator.unit) : ""}`}
            definition={indicator ? `${indicator.definition[language.value]}（${indicator.source}）` : ""}
            answer={map}
            columns={columns()}
            rows={map.data?.rows ?? []}
            completeness={map.data?.total.completeness ?? null}
          >
            {{
              controls: () => (
                <div class="controls">
                  <Select
                    label={t("overview.indicator")}
                    value={view.get("indicator")}
                    options={choices.value.map((it) => [it.id, it[language.value]] as const)}
                    onChoose={(word) => view.set({ indicator: word })}
                  />
                </div>
              ),
              default: () => (map.data ? <TileMap figures={map.data} period={view.get("period")} /> : null),
            }}
          </Room>
          <LiveTraffic />
        </div>
      </>
    );
  };
});
