import type { api } from "@v6meter/schemas";
import { computed, defineComponent, type PropType, ref, watch } from "vue";
import { Chart } from "../chart/chart.tsx";
import { type Column, saveCsv } from "../chart/csv.ts";
import { t } from "../messages/index.ts";
import { isDark } from "../style/theme.ts";
import { Choice } from "../view/choice.tsx";
import { Select } from "../view/select.tsx";
import type { View } from "../view/view.ts";
import { type Axes, axesOf, isNumeric, resultChart } from "./result-chart.ts";

/** Rows in the table; the CSV has them all. */
const ROWS_SHOWN = 500;

/** What a view of the SQL page can choose of its result; empty: what fits. */
export const RESULT_VIEW = { shape: "table", along: "", value: "", apart: "" } as const;

type Row = readonly unknown[];

const plain = (value: unknown): string | number | null =>
  value === null || value === undefined
    ? null
    : typeof value === "string" || typeof value === "number"
      ? value
      : JSON.stringify(value);

function compare(a: unknown, b: unknown): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return String(a ?? "").localeCompare(String(b ?? ""));
}

/** The rows of an answer, as a table that can be sorted, or as a chart whose axes can be chosen. */
export const SqlResult = defineComponent({
  props: {
    result: { type: Object as PropType<api.SqlResult>, required: true },
    view: { type: Object as PropType<View<typeof RESULT_VIEW>>, required: true },
  },
  setup(props) {
    const order = ref<{ column: number; down: boolean } | null>(null);
    watch(
      () => props.result,
      () => {
        order.value = null;
      },
    );
    const rows = computed<readonly Row[]>(() => {
      const by = order.value;
      if (!by) return props.result.rows;
      return props.result.rows.toSorted((a, b) => compare(a[by.column], b[by.column]) * (by.down ? -1 : 1));
    });
    const axes = computed<Axes | null>(() => {
      const fits = axesOf(props.result);
      if (!fits) return null;
      const chosen = (name: "along" | "value" | "apart", or: number) => {
        const word = props.view.get(name);
        if (word === "") return or;
        return word === "-" ? -1 : props.result.columns.findIndex((column) => column.name === word);
      };
      const [along, value] = [chosen("along", fits.along), chosen("value", fits.value)];
      return {
        along: along < 0 ? fits.along : along,
        value: value < 0 ? fits.value : value,
        apart: chosen("apart", fits.apart),
      };
    });
    const option = computed(() => {
      void isDark.value;
      return axes.value ? resultChart(props.result, axes.value) : null;
    });
    const columns = (): Column<Row>[] =>
      props.result.columns.map(({ name }, i) => ({ name, title: name, value: (row) => plain(row[i]) }));
    const sortBy = (column: number) => {
      order.value = { column, down: order.value?.column === column ? !order.value.down : true };
    };

    const table = () => (
      <section class="scroll sql-rows" tabindex={0} aria-label={t("sql.result")}>
        <table>
          <thead>
            <tr>
              {props.result.columns.map((column, i) => (
                <th
                  scope="col"
                  key={i}
                  class={isNumeric(column) ? "" : "words"}
                  aria-sort={order.value?.column === i ? (order.value.down ? "descending" : "ascending") : "none"}
                >
                  <button type="button" class="bare" title={column.type} onClick={() => sortBy(i)}>
                    <span class="unseen">{t("sql.sort", { name: "" })}</span>
                    {column.name} {order.value?.column === i ? (order.value.down ? "↓" : "↑") : ""}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.value.slice(0, ROWS_SHOWN).map((row, index) => (
              <tr key={index}>
                {props.result.columns.map((column, i) => (
                  <td key={i} class={isNumeric(column) ? "" : "words"}>
                    {plain(row[i]) ?? <span class="faint">NULL</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.value.length > ROWS_SHOWN ? (
          <p class="faint">{t("sql.shown", { shown: ROWS_SHOWN, rows: rows.value.length })}</p>
        ) : null}
      </section>
    );
    const chart = (chosen: Axes) => {
      const name = (i: number) => props.result.columns[i]?.name ?? "-";
      const all = props.result.columns.map((column) => [column.name, column.name] as const);
      const numbers = props.result.columns.filter(isNumeric).map((column) => [column.name, column.name] as const);
      return (
        <>
          <div class="controls sql-axes">
            <Select
              label={t("sql.horizontal")}
              value={name(chosen.along)}
              options={all}
              onChoose={(along) => props.view.set({ along })}
            />
            <Select
              label={t("sql.vertical")}
              value={name(chosen.value)}
              options={numbers}
              onChoose={(value) => props.view.set({ value })}
            />
            <Select
              label={t("sql.series")}
              value={name(chosen.apart)}
              options={[["-", t("sql.oneSeries")], ...all]}
              onChoose={(apart) => props.view.set({ apart })}
            />
          </div>
          {option.value ? <Chart option={option.value} label={t("sql.chart")} tall /> : null}
        </>
      );
    };

    return () => (
      <>
        <div class="sql-shape">
          <Choice
            label={t("sql.result")}
            value={props.view.get("shape")}
            options={[
              ["table", t("sql.table")],
              ["chart", t("sql.chart")],
            ]}
            onChoose={(shape) => props.view.set({ shape })}
          />
          <button type="button" data-do="csv" onClick={() => saveCsv("v6meter-sql.csv", columns(), rows.value)}>
            CSV
          </button>
        </div>
        {props.result.rows.length === 0 ? <div class="state state-empty">{t("sql.noRows")}</div> : null}
        {props.result.rows.length > 0 && props.view.get("shape") === "table" ? table() : null}
        {props.result.rows.length > 0 && props.view.get("shape") === "chart" ? (
          axes.value ? (
            chart(axes.value)
          ) : (
            <div class="state">{t("sql.noChart")}</div>
          )
        ) : null}
      </>
    );
  },
});
