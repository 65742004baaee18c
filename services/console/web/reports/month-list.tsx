import type { api } from "@v6meter/schemas";
import { defineComponent, type PropType } from "vue";
import type { Answer } from "../api/answer.ts";
import { t } from "../messages/index.ts";
import { moment } from "../names/format.ts";
import type { ReportMonth } from "./months.ts";

/** The months that have a report, each with its state and its newest version. */
export const MonthList = defineComponent({
  props: {
    answer: { type: Object as PropType<Answer<api.Snapshots>>, required: true },
    months: { type: Array as PropType<readonly ReportMonth[]>, required: true },
    /** The month that is looked at. */
    month: { type: String, required: true },
  },
  emits: { choose: (_month: string) => true },
  setup(props, { emit }) {
    return () => (
      <section class="room months" data-room="months" aria-labelledby="months-title">
        <header>
          <h2 id="months-title">{t("reports.months")}</h2>
        </header>
        {props.answer.problem ? (
          <p class="state-error" role="alert">
            {props.answer.problem.message || t("state.unreachable")}
          </p>
        ) : null}
        {props.answer.data === null && !props.answer.problem ? (
          <div class="state state-loading">{t("state.loading")}</div>
        ) : null}
        <ul>
          {props.months.map((it) => {
            const running = it.versions.find((one) => one.state === "taking");
            const newest = it.versions.find((one) => one.state === "taken");
            return (
              <li key={it.month} data-month={it.month}>
                <button
                  type="button"
                  class="bare"
                  aria-current={it.month === props.month ? "true" : undefined}
                  onClick={() => emit("choose", it.month)}
                >
                  <b>{it.month}</b>
                  <span class={["badge", `badge-${it.state}`]}>{t(`reports.${it.state}`)}</span>
                  <small>
                    {running
                      ? t("reports.takingNow", { answered: running.answered, questions: running.questions })
                      : newest
                        ? `${newest.id} · ${moment(newest.taken_at)}`
                        : t("reports.live")}
                  </small>
                </button>
              </li>
            );
          })}
        </ul>
      </section>
    );
  },
});
