import type { api } from "@v6meter/schemas";
import { defineComponent, type PropType, ref } from "vue";
import { ApiProblem, fetchFile } from "../api/client.ts";
import { upload } from "../api/upload.ts";
import { saveBlob } from "../chart/csv.ts";
import { language, t } from "../messages/index.ts";
import { percent } from "../names/format.ts";
import { registry } from "../names/names.ts";
import { identity } from "../session/session.ts";
import { Select } from "../view/select.tsx";

const TEMPLATES = {
  csv: "text/csv",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;

/** Where a file of figures is handed in: its series, month and unit, the template to fill, and how far it has gone. */
export const HandIn = defineComponent({
  props: {
    series: { type: Array as PropType<readonly api.IndicatorDescription[]>, required: true },
    months: { type: Array as PropType<readonly string[]>, required: true },
  },
  emits: { done: (_id: string) => true },
  setup(props, { emit }) {
    const series = ref("");
    const month = ref(props.months[1] ?? props.months[0] ?? "");
    const unit = ref(identity.value?.operator ?? registry.value.operators[0]?.id ?? "");
    const file = ref<File | null>(null);
    const progress = ref<number | null>(null);
    const problem = ref("");
    const told = ref("");
    const chosen = () => series.value || props.series[0]?.id || "";
    const ownUnit = () => identity.value?.operator ?? null;

    const attempt = async (work: () => Promise<void>) => {
      problem.value = "";
      told.value = "";
      try {
        await work();
      } catch (error) {
        problem.value = (error instanceof ApiProblem && error.message) || t("state.unreachable");
      }
      progress.value = null;
    };
    const template = (ending: keyof typeof TEMPLATES) =>
      attempt(async () => {
        const path = `/api/v1/submissions/templates/${chosen()}`;
        saveBlob(
          `${chosen()}.${ending}`,
          await fetchFile({ path, parameters: { unit: unit.value } }, TEMPLATES[ending]),
        );
      });
    const send = (event: Event) => {
      event.preventDefault();
      const sent = file.value;
      if (!sent) return;
      void attempt(async () => {
        progress.value = 0;
        const parameters = { series: chosen(), month: month.value, unit: unit.value };
        const answer = await upload<api.Submission>({ path: "/api/v1/submissions", parameters }, sent, (part) => {
          progress.value = part;
        });
        told.value = t("handingIn.sent", { ...answer });
        emit("done", answer.id);
      });
    };

    return () => (
      <form class="room hand-in" data-room="hand-in" onSubmit={send} aria-label={t("handingIn.handIn")}>
        <h2>{t("handingIn.handIn")}</h2>
        <Select
          label={t("handingIn.series")}
          value={chosen()}
          options={props.series.map((it) => [it.id, it[language.value]] as const)}
          onChoose={(id) => {
            series.value = id;
          }}
        />
        <Select
          label={t("handingIn.month")}
          value={month.value}
          options={props.months.map((it) => [it, it] as const)}
          onChoose={(name) => {
            month.value = name;
          }}
        />
        {ownUnit() === null ? (
          <Select
            label={t("handingIn.unit")}
            value={unit.value}
            options={registry.value.operators.map((it) => [it.id, it[language.value]] as const)}
            onChoose={(id) => {
              unit.value = id;
            }}
          />
        ) : null}
        <span class="controls">
          {t("handingIn.template")}
          {(Object.keys(TEMPLATES) as (keyof typeof TEMPLATES)[]).map((ending) => (
            <button key={ending} type="button" data-template={ending} onClick={() => void template(ending)}>
              ↓ {ending.toUpperCase()}
            </button>
          ))}
        </span>
        <label class="file">
          <span class="faint">
            {t("handingIn.file")} · {t("handingIn.fileTypes")}
          </span>
          <input
            id="file"
            class="unseen"
            type="file"
            accept=".csv,.xlsx,.json"
            onChange={(event) => {
              file.value = (event.target as HTMLInputElement).files?.[0] ?? null;
            }}
          />
          <span class="file-name">
            <b>{t("handingIn.chooseFile")}</b> {file.value?.name ?? t("handingIn.noFile")}
          </span>
        </label>
        <button type="submit" class="primary" data-do="send" disabled={file.value === null || progress.value !== null}>
          {t("handingIn.send")}
        </button>
        {progress.value !== null ? (
          <label class="field">
            {progress.value < 1
              ? t("handingIn.sending", { percent: percent(progress.value) })
              : t("handingIn.checking")}
            <progress max={1} value={progress.value} />
          </label>
        ) : null}
        <p role="status" class="faint">
          {told.value}
        </p>
        {problem.value ? (
          <p class="wrong" role="alert">
            {problem.value}
          </p>
        ) : null}
      </form>
    );
  },
});
