import type { api } from "@v6meter/schemas";
import { type LedgerStage, STAGES } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { useAnswer } from "../api/answer.ts";
import { Chart, tip } from "../chart/chart.tsx";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { moment, number, percent } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { isOpen } from "../session/session.ts";
import { colour, isDark } from "../style/theme.ts";

const REFRESH_MS = 30_000;
const SILENT_MS = 3_600_000;

interface Stage {
  readonly stage: LedgerStage;
  readonly books: api.StageBooks;
}
interface Drop {
  readonly stage: LedgerStage;
  readonly reason: string;
  readonly count: number;
}

const named = (it: api.Exporter) => (it.name ? `${it.name} (${it.exporter})` : it.exporter);

/** Milliseconds as seconds to a tenth; what rounds to nothing has no sign. */
const seconds = (ms: number) => (Math.round(ms / 100) / 10 || 0).toFixed(1);

/** What is wrong with exporters and what to do: a sentence for each fault that needs the same, or that has a figure. */
function adviceFor(all: readonly api.Exporter[], nowMs: number): string[] {
  const together = (key: string, some: readonly api.Exporter[]) =>
    some.length > 0 ? [t(key, { name: some.map(named).join(language.value === "zh" ? "、" : ", ") })] : [];
  const lossy = all.filter(({ books }) => Number(books.sequence.lost) > 0);
  return [
    ...all
      .filter(({ clock_off }) => clock_off)
      .map((it) =>
        t("advice.clock", { name: named(it), seconds: number(Math.round((it.clock_offset_ms ?? 0) / 1_000)) }),
      ),
    ...lossy.map((it) => {
      const { lost, expected } = it.books.sequence;
      return t("advice.lost", { name: named(it), part: percent(Number(lost) / Number(expected)) });
    }),
    ...together(
      "advice.sampling",
      all.filter(({ sampling_known }) => !sampling_known),
    ),
    ...together(
      "advice.templates",
      all.filter((it) => it.templates === 0 && it.streams.some(({ version }) => version >= 9)),
    ),
    ...together(
      "advice.silent",
      all.filter((it) => it.last_seen_at !== null && nowMs - Date.parse(it.last_seen_at) > SILENT_MS),
    ),
  ];
}

export default defineComponent(() => {
  const ledger = useAnswer<api.Ledger>(() => ({ path: "/api/v1/ledger" }), { everyMs: REFRESH_MS });
  const exporters = useAnswer<api.Exporters>(
    () => (isOpen(["GET /api/v1/exporters"]) ? { path: "/api/v1/exporters" } : null),
    { everyMs: REFRESH_MS },
  );
  const stages = computed<Stage[]>(() =>
    Object.entries(ledger.data?.total.stages ?? {}).map(([stage, books]) => ({ stage: stage as LedgerStage, books })),
  );
  const drops = computed<Drop[]>(() =>
    stages.value.flatMap(({ stage, books }) =>
      Object.entries(books.dropped_by_reason)
        .map(([reason, count]) => ({ stage, reason, count: Number(count) }))
        .filter(({ count }) => count > 0),
    ),
  );
  const dropChart = computed(() => {
    void isDark.value;
    const sorted = drops.value.toSorted((a, b) => a.count - b.count);
    return {
      tooltip: { formatter: tip((it) => number(it)) as never },
      xAxis: { type: "log" as const, min: 1 },
      yAxis: { type: "category" as const, data: sorted.map(({ reason }) => nameOf("reason", reason)) },
      series: [
        {
          type: "bar" as const,
          barMaxWidth: 36,
          color: colour("bad"),
          label: { show: true, position: "right" as const, color: colour("ink") },
          data: sorted.map(({ count }) => count),
        },
      ],
    };
  });
  /** Who sends flows; RADIUS clients have books too. */
  const exporting = () => (exporters.data?.exporters ?? []).filter(({ streams }) => streams.length > 0);
  const advice = () => {
    const nowMs = Date.now();
    const ofReasons = drops.value.map(({ stage, reason, count }) => {
      const unit = nameOf("book_unit", STAGES[stage].unit);
      const words = { reason: nameOf("reason", reason), count: number(count), unit };
      return t(`advice.${stage}`, words);
    });
    return [...adviceFor(exporting(), nowMs), ...ofReasons];
  };

  const stageColumns = (): Column<Stage>[] => [
    { name: "stage", title: t("word.stage"), value: (it) => it.stage, text: (it) => nameOf("stage", it.stage) },
    ...(["received", "forwarded", "held", "dropped"] as const).map((name) => ({
      name,
      title: t(`word.${name}`),
      value: ({ books }: Stage) => books[name],
      text: ({ books }: Stage) => number(books[name]),
    })),
    {
      name: "unit",
      title: t("exporters.unit"),
      value: ({ books }) => books.unit,
      text: ({ books }) => nameOf("book_unit", books.unit),
    },
  ];
  const dropColumns = (): Column<Drop>[] => [
    { name: "stage", title: t("word.stage"), value: (it) => it.stage, text: (it) => nameOf("stage", it.stage) },
    {
      name: "reason",
      title: t("word.reason"),
      value: (it) => it.reason,
      text: (it) => nameOf("drop_meaning", it.reason),
    },
    { name: "count", title: t("word.count"), value: (it) => it.count, text: (it) => number(it.count) },
    {
      name: "unit",
      title: t("exporters.unit"),
      value: ({ stage }) => STAGES[stage].unit,
      text: ({ stage }) => nameOf("book_unit", STAGES[stage].unit),
    },
  ];
  const exporterColumns = (): Column<api.Exporter>[] => [
    { name: "exporter", title: t("word.exporter"), value: (it) => it.exporter },
    { name: "name", title: t("word.name"), value: (it) => it.name },
    { name: "templates", title: t("exporters.templates"), value: (it) => it.templates },
    {
      name: "sampling_rates",
      title: t("exporters.sampling"),
      value: (it) => it.sampling_rates.join(" "),
      text: (it) =>
        it.sampling_known
          ? it.sampling_rates.map((rate) => `1:${number(rate)}`).join(", ") || "1:1"
          : t("exporters.samplingUnknown"),
    },
    {
      name: "clock_offset_s",
      title: t("exporters.clock"),
      value: (it) => (it.clock_offset_ms === null ? null : it.clock_offset_ms / 1_000),
      text: (it) => (it.clock_offset_ms === null ? "—" : `${it.clock_off ? "⚠ " : ""}${seconds(it.clock_offset_ms)}`),
    },
    {
      name: "lost",
      title: t("exporters.lost"),
      value: (it) => it.books.sequence.lost,
      text: (it) => number(it.books.sequence.lost),
    },
    {
      name: "completeness",
      title: t("word.completeness"),
      value: (it) => it.books.completeness,
      text: (it) => percent(it.books.completeness),
    },
    {
      name: "last_seen_at",
      title: t("exporters.seen"),
      value: (it) => it.last_seen_at,
      text: (it) => moment(it.last_seen_at),
    },
  ];

  const flow = () => (
    <ol class="stages">
      {stages.value.map(({ stage, books }) => {
        const whole = Math.max(1, Number(books.received));
        const part = (name: "forwarded" | "held" | "dropped") => `${(Math.max(0, Number(books[name])) / whole) * 100}%`;
        return (
          <li key={stage} data-stage={stage}>
            <strong>{nameOf("stage", stage)}</strong> <small>{nameOf("book_unit", books.unit)}</small>
            <div class="bar" aria-hidden="true">
              <i style={{ width: part("forwarded") }} />
              <i class="held" style={{ width: part("held") }} />
              <i class="dropped" style={{ width: part("dropped") }} />
            </div>
            {(["received", "forwarded", "held", "dropped"] as const).map((name) => (
              <div key={name}>
                {t(`word.${name}`)} <b data-outcome={name}>{number(books[name])}</b>
              </div>
            ))}
          </li>
        );
      })}
    </ol>
  );
  const list = () => (
    <section class="scroll" tabindex={0} aria-label={t("exporters.list")}>
      <table>
        <thead>
          <tr>
            {exporterColumns().map(({ name, title }) => (
              <th scope="col" key={name}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {exporting().map((row) => (
            <tr key={row.exporter} data-exporter={row.exporter}>
              {exporterColumns().map(({ name, value, text }) => (
                <td key={name}>{text ? text(row) : (value(row) ?? "—")}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );

  return () => {
    const todo = advice();
    const total = ledger.data?.total;
    return (
      <>
        <div class="head">
          <h1>{t("exporters.title")}</h1>
          {total ? (
            <strong data-figure="balanced">{t(total.balanced ? "exporters.balanced" : "exporters.unbalanced")}</strong>
          ) : null}
        </div>
        <div class="rooms">
          <Room
            name="books"
            wide
            title={t("exporters.books")}
            definition={t("exporters.booksDefinition")}
            answer={ledger}
            columns={stageColumns()}
            rows={stages.value}
          >
            {{ default: flow }}
          </Room>
          <Room
            name="drops"
            title={t("exporters.drops")}
            definition={t("exporters.dropsDefinition")}
            answer={ledger}
            columns={dropColumns()}
            rows={drops.value}
            empty={t("exporters.noDrops")}
          >
            {{ default: () => <Chart option={dropChart.value} label={t("exporters.drops")} /> }}
          </Room>
          <section class="room" data-room="advice" aria-labelledby="advice-title">
            <header>
              <h2 id="advice-title">{t("exporters.advice")}</h2>
            </header>
            {todo.length === 0 ? <p>{t("exporters.nothing")}</p> : null}
            <ul class="advice scroll" tabindex={0} aria-labelledby="advice-title">
              {todo.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </section>
          {isOpen(["GET /api/v1/exporters"]) ? (
            <Room
              name="exporters"
              wide
              title={t("exporters.list")}
              definition={t("exporters.listDefinition")}
              answer={exporters}
              columns={exporterColumns()}
              rows={exporting()}
              completeness={total?.completeness ?? null}
            >
              {{ default: list }}
            </Room>
          ) : (
            <section class="room room-wide" data-closed="exporters" aria-labelledby="exporters-title">
              <h2 id="exporters-title">{t("exporters.list")}</h2>
              <div class="state">{t("state.closedPart")}</div>
            </section>
          )}
        </div>
      </>
    );
  };
});
