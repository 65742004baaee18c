import "../style/reports.css";
import type { api } from "@v6meter/schemas";
import { computed, defineComponent, ref } from "vue";
import { useAnswer } from "../api/answer.ts";
import { ApiProblem, fetchFile, tell } from "../api/client.ts";
import { saveBlob } from "../chart/csv.ts";
import { language, t } from "../messages/index.ts";
import { moment } from "../names/format.ts";
import { ReportCompare, reportQuestion } from "../reports/compare.tsx";
import { MonthList } from "../reports/month-list.tsx";
import { monthsOf } from "../reports/months.ts";
import { ReportPreview } from "../reports/preview.tsx";
import { ReportVersions } from "../reports/versions.tsx";
import { isOpen } from "../session/session.ts";
import { Choice } from "../view/choice.tsx";
import { Confirm } from "../view/confirm.tsx";
import { useNow } from "../view/now.ts";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";

const REFRESH_MS = 5_000;
const FORMATS = ["html", "docx", "pdf", "xlsx", "csv", "json"] as const;

type Deed = "publish" | "freeze" | "restate";

export default defineComponent(() => {
  const view = useView({ state: "", show: "preview", with: "", lang: "" });
  const nowMs = useNow(60_000);
  const answer = useAnswer<api.Snapshots>(() => ({ path: "/api/v1/snapshots" }), { everyMs: REFRESH_MS });
  const months = computed(() => monthsOf(answer.data?.snapshots ?? [], nowMs.value));
  /** What is looked at: a month, or a version of it by its id. */
  const state = computed(() => {
    const asked = view.get("state");
    if (asked !== "") return asked;
    return (
      (months.value.find((it) => it.state === "closed" || it.state === "published") ?? months.value[0])?.month ?? ""
    );
  });
  const month = computed(() => months.value.find((it) => it.month === state.value.slice(0, 7)));
  const taken = computed(() => month.value?.versions.filter((it) => it.state === "taken") ?? []);
  const version = computed(() => taken.value.find(({ id }) => id === state.value) ?? taken.value[0]);
  const lang = () => view.get("lang") || language.value;

  const deed = ref<Deed | null>(null);
  const reason = ref("");
  const problem = ref("");
  const isBusy = ref(false);
  const told = ref("");
  const attempt = async (work: () => Promise<unknown>) => {
    problem.value = "";
    isBusy.value = true;
    try {
      await work();
      return true;
    } catch (error) {
      problem.value = (error instanceof ApiProblem && error.message) || t("state.unreachable");
      return false;
    } finally {
      isBusy.value = false;
    }
  };
  const act = async () => {
    const isDone = await attempt(() =>
      deed.value === "publish"
        ? tell(`/api/v1/snapshots/${version.value?.id}/publish`, {})
        : tell("/api/v1/snapshots", {
            body: { month: month.value?.month ?? "", ...(reason.value.trim() && { reason: reason.value.trim() }) },
          }),
    );
    if (!isDone) return;
    deed.value = null;
    reason.value = "";
    told.value = t("reports.done");
    answer.reload();
  };
  const download = (format: (typeof FORMATS)[number]) =>
    attempt(async () => {
      const file = await fetchFile(reportQuestion(state.value, format, lang()), "*/*");
      saveBlob(`v6meter-${state.value}-${lang()}.${format}`, file);
    });

  const compare = () => {
    const others = months.value.flatMap((it) => [
      [it.month, `${it.month} · ${t(it.versions.length > 0 ? "reports.newest" : "reports.live")}`] as const,
      ...it.versions.filter((one) => one.state === "taken").map(({ id }) => [id, id] as const),
    ]);
    const other = view.get("with");
    return (
      <>
        <div class="controls">
          <Select
            label={t("reports.with")}
            value={other}
            options={[["", "—"], ...others.filter(([id]) => id !== state.value)]}
            onChoose={(id) => view.set({ with: id })}
          />
        </div>
        {other === "" || other === state.value ? (
          <div class="room">
            <div class="state state-empty">{t("reports.chooseOther")}</div>
          </div>
        ) : (
          <ReportCompare first={other} second={state.value} />
        )}
      </>
    );
  };

  const actions = () => {
    const may = (route: string) => isOpen([route]);
    const hasEnded = month.value?.state !== "open";
    const isTaking = month.value?.versions.some((it) => it.state === "taking") === true;
    return (
      <>
        {version.value && version.value.published_at === null && may("POST /api/v1/snapshots/:id/publish") ? (
          <button
            type="button"
            class="primary"
            data-do="publish"
            onClick={() => {
              deed.value = "publish";
            }}
          >
            {t("reports.publish", { id: version.value.id })}
          </button>
        ) : null}
        {hasEnded && !isTaking && may("POST /api/v1/snapshots") ? (
          <button
            type="button"
            data-do="take"
            onClick={() => {
              deed.value = version.value ? "restate" : "freeze";
            }}
          >
            {t(version.value ? "reports.restate" : "reports.freeze")}
          </button>
        ) : null}
      </>
    );
  };

  return () => {
    const shown = view.get("show");
    const what = { id: version.value?.id ?? "", month: month.value?.month ?? "" };
    return (
      <>
        <div class="head">
          <h1>{t("reports.title")}</h1>
          <span class="faint" role="status">
            {told.value}
          </span>
        </div>
        <div class="reports">
          <MonthList
            answer={answer}
            months={months.value}
            month={month.value?.month ?? ""}
            onChoose={(name: string) => view.set({ state: name })}
          />
          <div class="report">
            <div class="room report-head" data-room="report">
              <div class="controls">
                <h2 data-figure="state">{state.value}</h2>
                <span class="faint">
                  {version.value
                    ? `${t("reports.version", { version: version.value.version })} · ${version.value.published_at ? `${t("reports.publishedAt")} ${moment(version.value.published_at)}` : t("reports.draft")}`
                    : t("reports.live")}
                </span>
                <span class="deeds">{actions()}</span>
              </div>
              <div class="controls">
                <Choice
                  label={t("reports.language")}
                  value={lang()}
                  options={[
                    ["zh", "中文"],
                    ["en", "English"],
                  ]}
                  onChoose={(word) => view.set({ lang: word })}
                />
                <fieldset class="formats" aria-label={t("reports.download")}>
                  {FORMATS.map((format) => (
                    <button
                      key={format}
                      type="button"
                      data-format={format}
                      disabled={isBusy.value}
                      onClick={() => void download(format)}
                    >
                      ↓ {format.toUpperCase()}
                    </button>
                  ))}
                </fieldset>
              </div>
              {problem.value && deed.value === null ? (
                <p class="wrong" role="alert">
                  {problem.value}
                </p>
              ) : null}
            </div>
            <Choice
              label={t("reports.title")}
              value={shown}
              options={(["preview", "compare", "versions"] as const).map(
                (word) => [word, t(`reports.${word}`)] as const,
              )}
              onChoose={(show) => view.set({ show })}
            />
            {shown === "preview" && state.value !== "" && answer.data ? (
              <ReportPreview
                question={reportQuestion(state.value, "html", lang())}
                title={t("reports.previewOf", { month: state.value })}
              />
            ) : null}
            {shown === "compare" ? compare() : null}
            {shown === "versions" ? (
              <ReportVersions
                versions={month.value?.versions ?? []}
                onChoose={(id) => view.set({ state: id, show: "preview" })}
              />
            ) : null}
          </div>
        </div>
        {deed.value ? (
          <Confirm
            title={t(`reports.${deed.value}Title`, what)}
            text={t(`reports.${deed.value}Text`)}
            action={t(`reports.${deed.value}`, what)}
            problem={problem.value}
            isBusy={isBusy.value}
            onYes={() => void act()}
            onNo={() => {
              deed.value = null;
              problem.value = "";
            }}
          >
            {deed.value === "publish" ? null : (
              <label class="field">
                {t("reports.why")}
                <input
                  id="reason"
                  maxlength={500}
                  placeholder={t("reports.whyAsked")}
                  value={reason.value}
                  onInput={(event) => {
                    reason.value = (event.target as HTMLInputElement).value;
                  }}
                />
              </label>
            )}
          </Confirm>
        ) : null}
      </>
    );
  };
});
