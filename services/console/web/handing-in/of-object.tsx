import type { api } from "@v6meter/schemas";
import { defineComponent } from "vue";
import { RouterLink } from "vue-router";
import type { Column } from "../chart/csv.ts";
import { ListTable } from "../chart/list-table.tsx";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { moment } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { useSubmissions } from "./submissions.ts";

type Row = api.Submissions["submissions"][number];

/** The submissions whose newest version has figures of a monitored object, each with the way to it. */
export const ObjectSubmissions = defineComponent(
  (props: { id: string; series: readonly api.IndicatorDescription[] }) => {
    const { answer, more } = useSubmissions(() => ({ object: props.id }));
    const columns = (): Column<Row>[] => [
      { name: "month", title: t("handingIn.month"), value: (it) => it.month },
      {
        name: "series",
        title: t("handingIn.series"),
        value: (it) => it.series,
        text: (it) => props.series.find(({ id }) => id === it.series)?.[language.value] ?? it.series,
      },
      { name: "unit", title: t("handingIn.unit"), value: (it) => it.unit, text: (it) => nameOf("operator", it.unit) },
      { name: "version", title: t("handingIn.version"), value: (it) => it.version },
      { name: "state", title: t("handingIn.state"), value: (it) => it.state, text: (it) => t(`handingIn.${it.state}`) },
      {
        name: "by",
        title: t("handingIn.by"),
        value: (it) => it.by,
        text: (it) => `${it.by} (${t(`roles.${it.role}`)})`,
      },
      { name: "at", title: t("word.at"), value: (it) => it.at, text: (it) => moment(it.at) },
      { name: "errors", title: t("handingIn.errors"), value: (it) => it.errors },
      { name: "warnings", title: t("handingIn.warnings"), value: (it) => it.warnings },
    ];
    const cell = (it: Row, { name, value, text }: Column<Row>) => {
      const shown = text ? text(it) : value(it);
      if (name === "month")
        return <RouterLink to={{ name: "data", query: { id: it.id } }}>{{ default: () => shown }}</RouterLink>;
      return name === "state" ? <span class={["badge", `badge-${it.state}`]}>{shown}</span> : shown;
    };
    return () => (
      <Room
        name="object-submissions"
        wide
        list
        unstored
        title={t("handingIn.ofObject")}
        definition={t("handingIn.ofObjectDefinition")}
        answer={answer}
        columns={columns()}
        rows={answer.data?.submissions ?? []}
        empty={t("handingIn.noneOfObject")}
      >
        {{
          default: () => (
            <>
              <ListTable label={t("handingIn.ofObject")} columns={columns()}>
                {{
                  default: () =>
                    answer.data?.submissions.map((it) => (
                      <tr key={it.id} data-submission={it.id}>
                        {columns().map((column) => (
                          <td key={column.name} class="words" data-part={column.name}>
                            {cell(it, column)}
                          </td>
                        ))}
                      </tr>
                    )),
                }}
              </ListTable>
              {answer.data?.next ? (
                <button type="button" data-do="more" disabled={answer.loading} onClick={more}>
                  {t("handingIn.more")}
                </button>
              ) : null}
            </>
          ),
        }}
      </Room>
    );
  },
  { props: ["id", "series"] },
);
