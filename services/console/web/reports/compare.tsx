import type { ReportDocument } from "@v6meter/schemas";
import { computed, defineComponent, ref } from "vue";
import { bothAnswers, useAnswer } from "../api/answer.ts";
import type { Question } from "../api/client.ts";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { number, points } from "../names/format.ts";
import { type ComparedFigure, compareFigures, differs, figuresOf } from "./figures.ts";

/** Rows shown; the CSV has them all. */
const ROWS_SHOWN = 400;

/** The question for the report of a state of a month: of a version by its id, else of the month's newest. */
export function reportQuestion(state: string, format: string, lang: string): Question {
  const month = state.slice(0, 7);
  return {
    path: `/api/v1/reports/monthly/${month}.${format}`,
    parameters: { lang, snapshot: state === month ? undefined : state },
  };
}

/** What differs between the reports of two months or versions, figure by figure. */
export const ReportCompare = defineComponent(
  (props: { first: string; second: string }) => {
    const isAll = ref(false);
    const first = useAnswer<ReportDocument>(() => reportQuestion(props.first, "json", language.value));
    const second = useAnswer<ReportDocument>(() => reportQuestion(props.second, "json", language.value));
    const both = bothAnswers(first, second, (a, b) =>
      compareFigures(figuresOf(a, t("reports.headlines")), figuresOf(b, t("reports.headlines"))),
    );
    const all = computed(() => both.data ?? []);
    const differing = computed(() => all.value.filter(differs));
    const rows = () => (isAll.value ? all.value : differing.value);
    const text = ({ difference, unit }: ComparedFigure) =>
      difference === null ? "—" : unit === "ratio" ? points(difference) : number(Number(difference.toPrecision(6)));
    const columns = (): Column<ComparedFigure>[] => [
      { name: "section", title: t("reports.section"), value: (it) => it.section },
      { name: "row", title: t("reports.row"), value: (it) => it.row },
      { name: "column", title: t("reports.column"), value: (it) => it.column },
      {
        name: "first",
        title: props.first,
        value: (it) => it.first?.value ?? null,
        text: (it) => it.first?.text ?? "—",
      },
      {
        name: "second",
        title: props.second,
        value: (it) => it.second?.value ?? null,
        text: (it) => it.second?.text ?? "—",
      },
      { name: "difference", title: t("reports.difference"), value: (it) => it.difference, text },
    ];
    return () => (
      <Room
        name="compare"
        wide
        title={`${props.first} → ${props.second}`}
        definition={t("reports.compareDefinition")}
        answer={both}
        columns={columns()}
        rows={rows()}
        empty={t("reports.same")}
      >
        {{
          controls: () => (
            <span class="controls">
              <span class="faint" data-figure="differing">
                {both.data ? t("reports.compared", { differing: differing.value.length, all: all.value.length }) : ""}
              </span>
              <label>
                <input
                  type="checkbox"
                  checked={!isAll.value}
                  onChange={(event) => {
                    isAll.value = !(event.target as HTMLInputElement).checked;
                  }}
                />
                {t("reports.onlyChanged")}
              </label>
            </span>
          ),
          default: () => (
            <section class="scroll compared" tabindex={0} aria-label={t("reports.compare")}>
              <table>
                <thead>
                  <tr>
                    {columns().map(({ name, title }, i) => (
                      <th scope="col" key={name} class={i < 3 ? "words" : ""}>
                        {title}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {rows()
                    .slice(0, ROWS_SHOWN)
                    .map((row) => (
                      <tr key={row.place} data-place={row.place}>
                        {columns().map(({ name, value, text: shown }, i) => (
                          <td key={name} class={i < 3 ? "words" : ""}>
                            {shown ? shown(row) : value(row)}
                          </td>
                        ))}
                      </tr>
                    ))}
                </tbody>
              </table>
              {rows().length > ROWS_SHOWN ? <p>{t("room.more", { rows: rows().length })}</p> : null}
            </section>
          ),
        }}
      </Room>
    );
  },
  { props: ["first", "second"] },
);
