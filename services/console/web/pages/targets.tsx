import "../style/catalogue.css";
import type { api } from "@v6meter/schemas";
import { TARGET_SCOPES } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { RouterLink } from "vue-router";
import { useAnswer } from "../api/answer.ts";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { change, figure, number, percent } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { useView } from "../view/view.ts";

type Target = api.Targets["targets"][number];

/** How targets stand, with a sign that needs no colour. */
const STANDINGS = { reached: "✓", on_pace: "▲", off_pace: "▼", missed: "✕", unknown: "?", none: "–" } as const;
type Standing = keyof typeof STANDINGS;
/** The bar ends so much beyond the greatest figure on it. */
const HEADROOM = 1.08;

/** How a target stands: a figure of the last month or later that is short of it has missed it. */
export function standingOf({ reached, current, by, in_time, pace_a_month }: Target): Standing {
  if (current === null) return "none";
  if (reached) return "reached";
  if (current.month >= by) return "missed";
  if (in_time === true) return "on_pace";
  return pace_a_month === null ? "unknown" : "off_pace";
}

const columns = (): Column<Target>[] => [
  { name: "id", title: "id", value: (it) => it.id },
  { name: "zh", title: "zh", value: (it) => it.zh },
  { name: "en", title: "en", value: (it) => it.en },
  ...(["indicator", "scope", "by", "unit", "value"] as const).map((name) => ({
    name,
    title: name,
    value: (it: Target) => it[name],
  })),
  { name: "month", title: "month", value: (it) => it.current?.month ?? null },
  { name: "current", title: "current", value: (it) => it.current?.value ?? null },
  { name: "method", title: "method", value: (it) => it.current?.method ?? null },
  { name: "low", title: "low", value: (it) => it.current?.low ?? null },
  { name: "high", title: "high", value: (it) => it.current?.high ?? null },
  ...(["progress", "gap", "needed_a_month", "pace_a_month", "projected"] as const).map((name) => ({
    name,
    title: name,
    value: (it: Target) => it[name],
  })),
  { name: "standing", title: "standing", value: standingOf },
  { name: "source", title: "source", value: (it) => it.source },
];

/** The figure as a bar against its target, with the interval of an estimate. */
const Bar = ({ target }: { target: Target }) => {
  const { current, value, unit } = target;
  const most = Math.max(value, current?.value ?? 0, current?.high ?? 0) * HEADROOM || 1;
  const at = (it: number) => `${(Math.min(it, most) / most) * 100}%`;
  const { low, high } = current ?? {};
  return (
    <div class="bullet">
      <div class="track">
        {current ? <i class={`fill ${standingOf(target)}`} style={{ width: at(current.value) }} /> : null}
        {typeof low === "number" && typeof high === "number" ? (
          <i class="range" style={{ left: at(low), width: `calc(${at(high)} - ${at(low)})` }} />
        ) : null}
        <i class="aim" style={{ left: at(value) }} />
      </div>
      <div class="ends">
        <span data-part="current">
          <b>{figure(current?.value, unit)}</b> {current ? <small>{current.month}</small> : null}
        </span>
        <span data-part="target">
          {t("targets.target")} <b>{figure(value, unit)}</b>
        </span>
      </div>
      {current?.method === undefined ? null : (
        <small class="told">
          {t(current.high === null ? "indicators.atLeast" : "overview.interval", {
            low: number(current.low),
            high: number(current.high),
            method: t(`users.${current.method}`),
          })}
        </small>
      )}
    </div>
  );
};
Bar.props = ["target"];

/** What is to be reached by when, by which clause, and whether the pace will do. */
export default defineComponent(() => {
  const view = useView({ scope: "", standing: "" });
  const answer = useAnswer<api.Targets>(() => ({ path: "/api/v1/targets" }));
  const catalogue = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }));
  const titles = computed(
    () => new Map((catalogue.data?.indicators ?? []).map((it) => [it.id, it[language.value]] as const)),
  );
  const all = computed(() => answer.data?.targets ?? []);
  const shown = (scope: string) =>
    all.value.filter(
      (it) => it.scope === scope && (view.get("standing") === "" || standingOf(it) === view.get("standing")),
    );
  const scopes = () => TARGET_SCOPES.toReversed().filter((it) => view.get("scope") === "" || view.get("scope") === it);

  const tab = (name: "scope" | "standing", word: string, text: string, count: number) => (
    <button
      key={word}
      type="button"
      data-choice={word}
      aria-pressed={view.get(name) === word}
      onClick={() => view.set({ [name]: word })}
    >
      {text} <b>{count}</b>
    </button>
  );
  const row = (it: Target) => {
    const standing = standingOf(it);
    const limits = Object.entries(it.where).flatMap(([name, words]) => words.map((word) => nameOf(name, word)));
    return (
      <tr key={it.id} data-target={it.id} data-standing={standing}>
        <td class="words">
          <strong>{it[language.value]}</strong>
          <div>
            <RouterLink class="name light" to={{ name: "indicators", query: { id: it.indicator } }}>
              {{ default: () => titles.value.get(it.indicator) ?? it.indicator }}
            </RouterLink>
            {limits.length > 0 ? ` · ${limits.join(", ")}` : ""}
          </div>
          <div class="clause">{it.source}</div>
        </td>
        <td class="nowrap" data-title={t("targets.by")}>
          {it.by}
        </td>
        <td class="wide">
          <Bar target={it} />
        </td>
        <td data-title={t("targets.progress")} data-part="progress">
          {percent(it.progress)}
        </td>
        <td data-title={t("targets.gap")} data-part="gap">
          {it.gap === null ? "—" : it.gap <= 0 ? "0" : change(it.gap, it.unit).replace("+", "")}
        </td>
        <td data-title={t("targets.needed")} data-part="needed">
          {change(it.needed_a_month, it.unit)}
        </td>
        <td data-title={t("targets.pace")} data-part="pace">
          {change(it.pace_a_month, it.unit)}
        </td>
        <td class="nowrap" data-title={t("targets.projected")} data-part="projected">
          {it.projected ?? "—"}
        </td>
        <td data-title={t("targets.standing")}>
          <span class={`standing ${standing}`}>
            <i aria-hidden="true">{STANDINGS[standing]}</i> {t(`targets.${standing}`)}
          </span>
        </td>
      </tr>
    );
  };

  return () => (
    <>
      <div class="head">
        <h1>{t("targets.title")}</h1>
      </div>
      <div class="tab-rows">
        <fieldset class="tabs">
          <legend class="unseen">{t("targets.scope")}</legend>
          {tab("scope", "", t("word.all"), all.value.length)}
          {TARGET_SCOPES.toReversed().map((it) =>
            tab("scope", it, t(`targets.${it}`), all.value.filter(({ scope }) => scope === it).length),
          )}
        </fieldset>
        <fieldset class="tabs small">
          <legend class="unseen">{t("targets.standing")}</legend>
          {tab("standing", "", t("word.all"), all.value.length)}
          {(Object.keys(STANDINGS) as Standing[]).map((it) =>
            tab(
              "standing",
              it,
              `${STANDINGS[it]} ${t(`targets.${it}`)}`,
              all.value.filter((one) => standingOf(one) === it).length,
            ),
          )}
        </fieldset>
      </div>
      <div class="rooms">
        {scopes().map((scope) => (
          <Room
            key={scope}
            name={scope}
            wide
            list
            title={t(`targets.${scope}`)}
            definition={t("targets.definition")}
            answer={answer}
            columns={columns()}
            rows={shown(scope)}
            empty={t("targets.nothing")}
          >
            {{
              default: () => (
                <section class="across" tabindex={0} aria-label={t(`targets.${scope}`)}>
                  <table class="cards targets">
                    <thead>
                      <tr>
                        <th class="words">{t("targets.target")}</th>
                        <th>{t("targets.by")}</th>
                        <th class="words wide">{t("targets.reachedSoFar")}</th>
                        {(["progress", "gap", "needed", "pace", "projected", "standing"] as const).map((it) => (
                          <th key={it}>{t(`targets.${it}`)}</th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>{shown(scope).map(row)}</tbody>
                  </table>
                </section>
              ),
            }}
          </Room>
        ))}
      </div>
    </>
  );
});
