import { askApi } from "@v6meter/accuracy/ask";
import type { api } from "@v6meter/schemas";
import { cpuSeconds } from "./cpu.ts";
import { insertFlows, mergesDone, openTemporaryStore } from "./engine.ts";
import { classifierOf, expectCount, flowRows, renewFlows } from "./flows.ts";
import type { Part } from "./part.ts";

/** The tables end here, at midnight in Asia/Shanghai. */
const END_MS = Date.parse("2026-11-01T00:00:00+08:00");
const DAY_MS = 86_400_000;
const HOURS_A_DAY = 24;
const REGIONS = 14;
const OPERATORS = ["telecom", "unicom", "mobile", "broadnet"] as const;
/** Rows of an hour: by region, operator, three kinds of access, two families, two directions. */
export const ROWS_AN_HOUR = REGIONS * OPERATORS.length * 3 * 2 * 2;
const V6_BYTES = 2_000_000;
const V4_BYTES = 3_000_000;
const FILL_DAYS = 31;

/** Traffic by hour as the views write it, of so many days before another number of days before the end; the hours have like sums. */
const fill = (days: number, daysBeforeEnd: number) => `INSERT INTO flows_1h
SELECT
  toDateTime(${(END_MS - (days + daysBeforeEnd) * DAY_MS) / 1_000} + 3600 * intDiv(number, ${ROWS_AN_HOUR}), 'UTC') AS bucket_at,
  toString(210100 + 100 * (number % ${REGIONS})) AS region,
  [${OPERATORS.map((operator) => `'${operator}'`)}][1 + intDiv(number, ${REGIONS}) % 4] AS operator,
  ['mobile', 'fixed', 'iot'][1 + intDiv(number, ${REGIONS * 4}) % 3] AS access,
  if(intDiv(number, ${REGIONS * 12}) % 2 = 0, 4, 6) AS family,
  'native' AS technology,
  if(intDiv(number, ${REGIONS * 24}) % 2 = 0, 'up', 'down') AS flow_direction,
  'metro_network' AS observation_point,
  toIPv6(concat('10.0.', toString(number % ${REGIONS}), '.', toString(intDiv(number, ${REGIONS}) % 4))) AS exporter,
  2 AS counted,
  1000 AS records,
  if(family = 6, ${V6_BYTES}, ${V4_BYTES}) AS bytes,
  2000 AS packets,
  bytes AS bytes_scaled,
  packets AS packets_scaled,
  0 AS bytes_unknown_sampling,
  0 AS responder_bytes
FROM numbers(${days * HOURS_A_DAY * ROWS_AN_HOUR})`;

const bytesOf = (days: number) => (days * HOURS_A_DAY * ROWS_AN_HOUR * (V4_BYTES + V6_BYTES)) / 2;

/** Days kept in the roll-ups: a question of one day, of all of them, and inserts beside them. */
export const rollups: Part = {
  name: "rollups",
  grows: "days kept",
  sizes: [1, 30, 365, 1_096],
  quickSizes: [1, 30],
  baseline: 30,
  series: {
    day: { title: "share of one day by region, operator and hour", unit: "CPU-ms/answer" },
    whole: {
      title: "share of the whole by region and operator",
      unit: "CPU-ms/answer",
      cause: "it reads all days there are; see the next series for a month of it",
    },
    whole_month: {
      title: "the same, each month of it",
      unit: "CPU-ms/30 days",
      cause: "what an answer costs whatever it reads is shared by more months",
    },
    insert: { title: "insert of 65,536 rows with all roll-ups", unit: "CPU-s/million rows" },
    disk: {
      title: "roll-ups by hour and day on the disk",
      unit: "bytes/row of an hour",
      cause: "sums here are all alike, so that they compress better than real ones",
    },
  },
  async prepare(size, { seed }) {
    const engine = await openTemporaryStore();
    for (let done = 0; done < size; done += FILL_DAYS) await engine.run(fill(Math.min(FILL_DAYS, size - done), done));
    for (const table of ["flows_1h", "flows_1d"]) await engine.run(`OPTIMIZE TABLE ${table} FINAL`);
    await mergesDone(engine);
    const rows = size * HOURS_A_DAY * ROWS_AN_HOUR;
    const [hours] = await engine.figures("SELECT count() FROM flows_1h");
    expectCount("rows of hours", hours as number, rows);
    const [diskBytes] = await engine.figures(
      "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table IN ('flows_1h', 'flows_1d')",
    );
    const ask = askApi(engine.store);
    const asked = async (days: number, more: string) => {
      const period = `from=${new Date(END_MS - days * DAY_MS).toISOString()}&to=${new Date(END_MS).toISOString()}`;
      const startedAt = cpuSeconds();
      const answer = await ask<api.TrafficShare>(`/api/v1/traffic/share?${period}&by=region,operator${more}`);
      const spentMs = (cpuSeconds() - startedAt) * 1_000;
      expectCount(`bytes of ${days} days`, Number(answer.total.total_bytes), bytesOf(days));
      expectCount("groups", answer.rows.length, REGIONS * OPERATORS.length * (more ? HOURS_A_DAY : 1));
      return spentMs;
    };
    const classifier = classifierOf();
    const [batch] = flowRows(seed, 1, 16);
    if (batch === undefined) throw new Error("flowRows gave no batch");
    let inserted = 0;
    return {
      once: { disk: (diskBytes as number) / rows },
      async round() {
        const day = await asked(1, "&interval=1h");
        const whole = await asked(size, "");
        renewFlows([batch]);
        classifier.classify(batch);
        const insert = ((await insertFlows(engine, [batch])) / batch.rows) * 1e6;
        inserted += batch.rows;
        const [found] = await engine.figures("SELECT count() FROM flows");
        expectCount("rows inserted", found as number, inserted);
        // Before the next question: merging is paid for by what was inserted.
        await mergesDone(engine);
        return { day, whole, whole_month: (whole * 30) / size, insert };
      },
      stop: () => engine.stop(),
    };
  },
};
