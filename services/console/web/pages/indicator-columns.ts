import type { api } from "@v6meter/schemas";
import type { Column } from "../chart/csv.ts";
import { t } from "../messages/index.ts";
import { figure, moment, number, percent } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import type { Row } from "./indicator-charts.ts";

/** Columns of an indicator's figures: the keys, the figure and all that says how it came to be. */
export function figureColumns(keys: readonly string[], { unit, kind }: api.IndicatorDescription): Column<Row>[] {
  const text = (row: Row, value: number | null | undefined) =>
    row.suppressed ? t("users.suppressed") : figure(value, unit);
  const value = (name: "value" | "low" | "high"): Column<Row> => ({
    name,
    title: t(`word.${name}`),
    value: (row) => row[name] ?? null,
    text: (row) => text(row, row[name]),
  });
  const share = (name: "coverage" | "completeness"): Column<Row> => ({
    name,
    title: t(`word.${name}`),
    value: (row) => row[name] ?? null,
    text: (row) => percent(row[name]),
  });
  const part = (name: "numerator" | "denominator"): Column<Row> => ({
    name,
    title: t(`word.${name}`),
    value: (row) => row[name],
    text: (row) => number(row[name]),
  });
  return [
    ...keys.map((name): Column<Row> => {
      const key = name as Exclude<keyof Row, "suppressed">;
      return {
        name,
        title: t(`word.${name}`),
        value: (row) => row[key] ?? null,
        text: (row) => (name === "at" ? moment(row.at ?? null) : nameOf(name, String(row[key] || "unknown"))),
      };
    }),
    value("value"),
    ...(kind === "distinct"
      ? [
          value("low"),
          value("high"),
          {
            name: "method",
            title: t("word.method"),
            value: (row: Row) => row.method ?? null,
            text: (row: Row) => (row.method ? t(`users.${row.method}`) : "—"),
          },
          share("coverage"),
        ]
      : []),
    ...(kind === "ratio" ? [part("numerator"), part("denominator")] : []),
    share("completeness"),
  ];
}
