import "../style/data.css";
import type { api } from "@v6meter/schemas";
import { computed, defineComponent, watch } from "vue";
import { useAnswer } from "../api/answer.ts";
import { HandIn } from "../handing-in/hand-in.tsx";
import { SubmissionDetail } from "../handing-in/submission.tsx";
import { useSubmissions } from "../handing-in/submissions.ts";
import { language, t } from "../messages/index.ts";
import { moment } from "../names/format.ts";
import { monthsOf } from "../reports/months.ts";
import { isOpen } from "../session/session.ts";
import { useNow } from "../view/now.ts";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";

const STATES = ["draft", "submitted", "accepted", "returned"] as const;

export default defineComponent(() => {
  const view = useView({ id: "", version: "", state: "", month: "", series: "" });
  const nowMs = useNow(60_000);
  const catalogue = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }));
  const {
    answer: list,
    more,
    again,
  } = useSubmissions(() => ({
    state: view.get("state") || undefined,
    month: view.get("month") || undefined,
    series: view.get("series") || undefined,
  }));
  const one = useAnswer<api.Submission>(() =>
    view.get("id") === "" ? null : { path: `/api/v1/submissions/${encodeURIComponent(view.get("id"))}` },
  );
  watch([() => view.get("state"), () => view.get("month"), () => view.get("series")], again);
  const reported = computed(() => (catalogue.data?.indicators ?? []).filter((it) => it.class === "reported"));
  const months = computed(() => monthsOf([], nowMs.value).map(({ month }) => month));
  const nameOf = (series: string) => reported.value.find(({ id }) => id === series)?.[language.value] ?? series;
  const changed = () => {
    list.reload();
    one.reload();
  };
  const all = (): [string, string] => ["", t("handingIn.all")];

  const listed = () => {
    if (list.problem) {
      return (
        <div class="state state-error" role="alert">
          <p>{list.problem.message || t("state.unreachable")}</p>
          <button type="button" onClick={() => list.reload()}>
            {t("state.again")}
          </button>
        </div>
      );
    }
    if (!list.data) return <div class="state state-loading">{t("state.loading")}</div>;
    if (list.data.submissions.length === 0) return <div class="state state-empty">{t("handingIn.none")}</div>;
    return (
      <ul>
        {list.data.submissions.map((it) => (
          <li key={it.id} data-submission={it.id}>
            <button
              type="button"
              class="bare"
              aria-current={it.id === view.get("id") ? "true" : undefined}
              onClick={() => view.set({ id: it.id, version: "" })}
            >
              <b>{nameOf(it.series)}</b>
              <span class={["badge", `badge-${it.state}`]}>{t(`handingIn.${it.state}`)}</span>
              <small>
                {it.month} · {it.unit} · {moment(it.at)}
              </small>
              <small>{t("handingIn.counts", { rows: it.rows, errors: it.errors, warnings: it.warnings })}</small>
            </button>
          </li>
        ))}
        {list.data.next === null ? null : (
          <li>
            <button type="button" data-do="more" disabled={list.loading} onClick={more}>
              {t("handingIn.more")}
            </button>
          </li>
        )}
      </ul>
    );
  };

  return () => (
    <>
      <div class="head">
        <h1>{t("handingIn.title")}</h1>
      </div>
      <div class="handing-in">
        <div class="beside">
          {isOpen(["POST /api/v1/submissions"]) && reported.value.length > 0 ? (
            <HandIn
              series={reported.value}
              months={months.value}
              onDone={(id: string) => {
                view.set({ id, version: "" });
                changed();
              }}
            />
          ) : null}
          <section class="room submissions" data-room="submissions" aria-labelledby="submissions-title">
            <header>
              <h2 id="submissions-title">{t("handingIn.list")}</h2>
            </header>
            <div class="controls">
              <Select
                label={t("handingIn.state")}
                value={view.get("state")}
                options={[all(), ...STATES.map((word) => [word, t(`handingIn.${word}`)] as const)]}
                onChoose={(state) => view.set({ state })}
              />
              <Select
                label={t("handingIn.month")}
                value={view.get("month")}
                options={[all(), ...months.value.map((it) => [it, it] as const)]}
                onChoose={(month) => view.set({ month })}
              />
              <Select
                label={t("handingIn.series")}
                value={view.get("series")}
                options={[all(), ...reported.value.map((it) => [it.id, it[language.value]] as const)]}
                onChoose={(series) => view.set({ series })}
              />
            </div>
            {listed()}
          </section>
        </div>
        {one.data ? (
          <SubmissionDetail
            submission={one.data}
            version={view.get("version")}
            onLook={(version: string) => view.set({ version })}
            onChanged={changed}
          />
        ) : (
          <section class="room" data-room="submission">
            {one.problem ? (
              <div class="state state-error" role="alert">
                {one.problem.message || t("state.unreachable")}
              </div>
            ) : (
              <div class={["state", one.loading ? "state-loading" : "state-empty"]}>
                {t(one.loading ? "state.loading" : "handingIn.choose")}
              </div>
            )}
          </section>
        )}
      </div>
    </>
  );
});
