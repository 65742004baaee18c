import type { api } from "@v6meter/schemas";
import { computed, defineComponent } from "vue";
import { type Answer, useAnswer } from "../api/answer.ts";
import { Chart, tip } from "../chart/chart.tsx";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { t } from "../messages/index.ts";
import { number, percent } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { toldUsers } from "../names/told-users.ts";
import { colour, isDark } from "../style/theme.ts";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";

const DIMENSIONS = ["access", "operator", "region"] as const;
const MONTHS = 13;
const ZONE_MS = 8 * 3_600_000;

type Row = Pick<
  api.ActiveUsers["rows"][number],
  "users" | "low" | "high" | "coverage" | "suppressed" | "region" | "operator" | "access"
> & {
  readonly method: string;
};

function months(): string[] {
  const now = new Date(Date.now() + ZONE_MS);
  return Array.from({ length: MONTHS }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7),
  );
}

/** Bars of users with the ends of their intervals as whiskers. */
function barsOf(rows: readonly Row[], labels: readonly string[]) {
  const ends = rows.flatMap(({ low, high }, index) => (low === null || high === null ? [] : [[index, low, high]]));
  return {
    tooltip: { trigger: "item" as const, formatter: tip((it) => number(it)) as never },
    xAxis: {
      type: "category" as const,
      data: [...labels],
      // Few groups are all named, as a bar without a name says nothing.
      ...(labels.length <= 8 && {
        axisLabel: { interval: 0, hideOverlap: false, width: 90, overflow: "break" as const },
      }),
    },
    yAxis: { type: "value" as const, axisLabel: { formatter: (it: number) => number(it) } },
    series: [
      {
        type: "bar" as const,
        name: t("word.users"),
        color: colour("v6"),
        barMaxWidth: 60,
        data: rows.map(({ users }) => users),
      },
      {
        type: "custom" as const,
        name: `${t("word.low")}–${t("word.high")}`,
        data: ends,
        encode: { x: 0, y: [1, 2] },
        tooltip: { show: false },
        color: colour("ink"),
        z: 5,
        renderItem: (_: unknown, at: { value(i: number): number; coord(point: number[]): number[] }) => {
          const [x = 0, high = 0] = at.coord([at.value(0), at.value(2)]);
          const [, low = 0] = at.coord([at.value(0), at.value(1)]);
          const line = (x1: number, y1: number, x2: number, y2: number) => ({
            type: "line" as const,
            shape: { x1, y1, x2, y2 },
            style: { stroke: colour("ink"), lineWidth: 2 },
          });
          return {
            type: "group" as const,
            children: [line(x, low, x, high), line(x - 8, low, x + 8, low), line(x - 8, high, x + 8, high)],
          };
        },
      },
    ],
  } as never;
}

export default defineComponent(() => {
  const all = months();
  const view = useView({ month: "", by: "access" });
  const month = () => view.get("month") || (all[0] as string);
  const by = () => view.list("by");
  const parameters = () => ({ month: month(), by: by().join(",") });
  const active = useAnswer<api.ActiveUsers>(() => ({ path: "/api/v1/users/active", parameters: parameters() }));
  const assigned = useAnswer<api.AssignedUsers>(() => ({ path: "/api/v1/users/assigned", parameters: parameters() }));

  const placeOf = (row: Row) =>
    by()
      .map((dimension) => nameOf(dimension, row[dimension as (typeof DIMENSIONS)[number]] ?? "unknown"))
      .join(" ");
  const columns = (): Column<Row>[] => [
    ...by().map((dimension) => ({
      name: dimension,
      title: t(`word.${dimension}`),
      value: (row: Row) => row[dimension as (typeof DIMENSIONS)[number]] ?? null,
      text: (row: Row) => nameOf(dimension, row[dimension as (typeof DIMENSIONS)[number]] ?? "unknown"),
    })),
    ...(["users", "low", "high"] as const).map((name) => ({
      name,
      title: t(`word.${name}`),
      value: (row: Row) => row[name],
      text: (row: Row) => (row.suppressed ? t("users.suppressed") : number(row[name])),
    })),
    { name: "method", title: t("word.method"), value: (row) => row.method, text: (row) => t(`users.${row.method}`) },
    { name: "coverage", title: t("word.coverage"), value: (row) => row.coverage, text: (row) => percent(row.coverage) },
  ];
  const chartOf = (answer: Answer<{ rows: unknown[] }>) =>
    computed(() => {
      void isDark.value;
      const rows = (answer.data?.rows ?? []) as Row[];
      return barsOf(
        rows,
        rows.map((row) => `${placeOf(row)}\n${t(`users.${row.method}`)}`),
      );
    });
  const charts = { active: chartOf(active), assigned: chartOf(assigned) };

  const room = (name: "active" | "assigned", answer: Answer<api.ActiveUsers | api.AssignedUsers>) => {
    const rows = (answer.data?.rows ?? []) as Row[];
    const total = answer.data?.total;
    return (
      <Room
        name={name}
        title={`${t(`users.${name}`)} ${total ? (total.suppressed ? t("users.suppressed") : number(total.users)) : ""}`}
        definition={t(`users.${name}Definition`)}
        answer={answer}
        columns={columns()}
        rows={rows}
      >
        {{
          default: () => (
            <>
              {total && !total.suppressed ? (
                <p data-figure={`${name}-total`}>
                  {toldUsers(total)}
                  {` · ${t("word.coverage")} ${percent(total.coverage)}`}
                </p>
              ) : null}
              <Chart tall option={charts[name].value} label={t(`users.${name}`)} />
            </>
          ),
        }}
      </Room>
    );
  };

  return () => (
    <>
      <div class="head">
        <h1>{t("users.title")}</h1>
        <div class="controls">
          <Select
            label={t("users.month")}
            value={month()}
            options={all.map((it) => [it, it] as const)}
            onChoose={(word) => view.set({ month: word === all[0] ? "" : word })}
          />
          <Select
            label={t("users.by")}
            value={view.get("by")}
            options={["access", "operator", "region", "operator,access"].map(
              (it) =>
                [
                  it,
                  it
                    .split(",")
                    .map((one) => t(`word.${one}`))
                    .join(" × "),
                ] as const,
            )}
            onChoose={(word) => view.set({ by: word })}
          />
        </div>
      </div>
      <div class="rooms rooms-fill">
        {room("active", active)}
        {room("assigned", assigned)}
      </div>
    </>
  );
});
