import { availableParallelism } from "node:os";
import type { api } from "@v6meter/schemas";
import type { EmbeddedStore } from "@v6meter/store";

/** Cities of the registry, numbers of ours with the names of Liaoning's. */
const CITIES = [
  ["沈阳", "Shenyang", 3, 2],
  ["大连", "Dalian", 2, 5],
  ["鞍山", "Anshan", 2, 3],
  ["抚顺", "Fushun", 4, 2],
  ["本溪", "Benxi", 4, 3],
  ["丹东", "Dandong", 4, 4],
  ["锦州", "Jinzhou", 1, 3],
  ["营口", "Yingkou", 2, 4],
  ["阜新", "Fuxin", 1, 2],
  ["辽阳", "Liaoyang", 3, 3],
  ["盘锦", "Panjin", 1, 4],
  ["铁岭", "Tieling", 3, 1],
  ["朝阳", "Chaoyang", 0, 2],
  ["葫芦岛", "Huludao", 0, 3],
] as const;

/** What the filled province's codes are called. */
export const PROVINCE_REGISTRY: api.Registry = {
  regions: [
    { code: "210000", zh: "省本级", en: "Liaoning" },
    ...CITIES.map(([zh, en, column, row], at) => ({
      code: String(210_100 + 100 * at),
      zh,
      en,
      tile: [column, row] as [number, number],
    })),
  ],
  operators: [
    { id: "telecom", zh: "电信", en: "Telecom" },
    { id: "unicom", zh: "联通", en: "Unicom" },
    { id: "mobile", zh: "移动", en: "Mobile" },
    { id: "broadnet", zh: "广电", en: "Broadnet" },
  ],
};

const EXPORTERS = 16;
const PREFIXES_A_USER = 4;
/** Far sides a day, /24 and /48: of them a fifth is met by each operator. */
const REMOTES = 20_000;
const DAY_S = 86_400;
/** Days of users made together: their states are large, and parts of one day each would be merged again and again. */
const DAYS_AN_INSERT = 8;

const CELL = `toString(210100 + 100 * (cell % 14)) AS region,
  ['telecom', 'unicom', 'mobile', 'broadnet'][1 + intDiv(cell, 14) % 4] AS operator,
  ['mobile', 'fixed', 'iot'][1 + intDiv(cell, 56) % 3] AS access`;
/** A multiple of 3 and of 8: what a subscriber's number says of its kind, its cell's says as well. */
const CELLS = 14 * 4 * 3;
const LOW_CARDINALITY_CELL = CELL.replaceAll(/^\s*(.*) AS /gm, "toLowCardinality($1) AS ");
/** Blocks of few buckets, made and written by every core; parts so large that merging them costs little. */
const FILLING = `SETTINGS max_threads = 0, max_insert_threads = ${Math.min(4, availableParallelism())}, max_block_size = 512,
  min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0, optimize_on_insert = 0, query_plan_join_swap_table = 'false'`;
const exporterOf = (cell: string) => `toIPv6(concat('::ffff:192.0.2.', toString(1 + ${cell} % ${EXPORTERS})))`;

/** What is filled. */
export interface Filling {
  readonly subscribers: number;
  readonly months: number;
  /** The last so many have rows by five minutes; the others begin with hours. */
  readonly months5m: number;
  readonly seed: number;
  /** Such as 2026-10. */
  readonly lastMonth: string;
  readonly say: (text: string) => void;
}

/** The months, oldest first, by their begin in Asia/Shanghai in seconds since 1970 UTC. */
function monthsOf({ lastMonth, months }: Filling) {
  const last = Number(lastMonth.slice(0, 4)) * 12 + Number(lastMonth.slice(5)) - 1;
  const begin = (number: number) => Date.UTC(Math.floor(number / 12), number % 12) / 1_000 - 8 * 3_600;
  return Array.from({ length: months }, (_, at) => {
    const number = last - months + 1 + at;
    const fromS = begin(number);
    const name = new Date((fromS + 8 * 3_600) * 1_000).toISOString().slice(0, 7);
    return { name, at, fromS, days: (begin(number + 1) - fromS) / DAY_S };
  });
}

/**
 * Fills the roll-ups of a province as its views would: INSERT SELECT in the engine, no flow stored. Traffic goes into
 * flows_5m and reaches hours and days by the views themselves; sampled 1:1000, IPv6 growing by the month. Users of the last month are put in by day, so that the month is what the view makes of its days; of the months
 * before by month. Answers the rows that the tables then hold.
 */
export async function fillProvince(store: EmbeddedStore, filling: Filling): Promise<Record<string, number>> {
  const { subscribers, seed, say } = filling;
  const run = (sql: string) => store.engine.write((session) => session.queryAsync(sql));
  const months = monthsOf(filling);
  for (const month of months) {
    const isLast = month === months.at(-1);
    const isNearLast = isLast || month === months.at(-2);
    const is5m = month.at >= months.length - filling.months5m;
    await run(
      traffic(filling, month, is5m ? { table: "flows_5m", width_s: 300 } : { table: "flows_1h", width_s: 3_600 }),
    );
    await run(books(month, seed));
    await run(farSides(filling, month));
    await run(interfaces(filling, month));
    const first = `toDate('${month.name}-01')`;
    if (isLast)
      for (let day = 0; day < month.days; day += DAYS_AN_INSERT) {
        const span = { table: "1d", first, day, days: Math.min(DAYS_AN_INSERT, month.days - day) } as const;
        await run(active(filling, span));
        await run(assigned(filling, span));
      }
    else {
      const span = { table: "1mo", first, day: 0, days: 1 } as const;
      await run(active(filling, span));
      await run(assigned(filling, span));
    }
    if (isNearLast) await run(panel(subscribers, seed, first, month.days));
    say(`${month.name} filled`);
  }
  const last = months.at(-1) as Month;
  await run(`INSERT INTO exporters
  (exporter, version, observation_domain, source_port, first_seen_at, last_seen_at, templates, sampling, sampling_source, interfaces, name)
SELECT ${exporterOf("number")}, 10, 0, 40000, toDateTime64(${months[0]?.fromS}, 3), toDateTime64(${last.fromS + DAY_S * last.days - 60}, 3),
  8, '[{"sampler":null,"rate":1000}]', 'options', '[]', concat('ln-router-', toString(1 + number)) FROM numbers(${EXPORTERS})`);
  const tables = [
    "flows_5m",
    "flows_1h",
    "flows_1d",
    "users_1d",
    "users_1mo",
    "assigned_1d",
    "assigned_1mo",
    "panel_1d",
    "remotes_1d",
    "interfaces_1d",
    "ledger",
  ];
  const rows: Record<string, number> = {};
  for (const table of tables) {
    const { rows: found } = await store.raw(`SELECT count() FROM ${table}`, {
      maxExecutionS: 60,
      maxRows: 1,
      maxMemoryBytes: 1_000_000_000,
    });
    rows[table] = Number((found[0] as unknown[])[0]);
  }
  return rows;
}

type Month = ReturnType<typeof monthsOf>[number];

/**
 * Five kinds of traffic a cell: each family both ways, and 6in4 on fixed lines; more by evening. What a row says beside its time
 * is made once and joined to the buckets: words and addresses made anew for each of 85 million rows took most of the time.
 */
const traffic = (
  { subscribers, seed }: Filling,
  { fromS, days, at }: Month,
  { table, width_s }: { table: string; width_s: number },
) => `INSERT INTO ${table}
SELECT toDateTime(${fromS} + ${width_s} * bucket, 'UTC') AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  1 + intDiv(bytes, 40000) AS records,
  toUInt64(greatest(1, rate * evening * (0.9 + (cityHash64(bucket * ${CELLS * 5} + series, ${seed}, ${fromS}) % 200) / 1000))) AS bytes,
  records AS packets,
  bytes * 1000 AS bytes_scaled, packets * 1000 AS packets_scaled, 0 AS bytes_unknown_sampling, 0 AS responder_bytes
FROM
(
  SELECT number AS bucket, 1.2 - cos(6.2832 * (number * ${width_s} / ${DAY_S} + 0.33)) AS evening
  FROM numbers(${(days * DAY_S) / width_s})
) AS buckets
CROSS JOIN
(
  SELECT number AS series, intDiv(number, 5) AS cell, number % 5 AS kind,
    ${LOW_CARDINALITY_CELL},
    toUInt8(if(kind < 2, 4, 6)) AS family,
    toLowCardinality(if(kind = 4, '6in4', 'native')) AS technology,
    toLowCardinality(if(kind % 2 = 0, 'down', 'up')) AS flow_direction,
    toLowCardinality(if(access = 'fixed', 'man', 'mobile_core')) AS observation_point,
    ${exporterOf("cell")} AS exporter,
    toUInt8(2) AS counted,
    ${(subscribers / CELLS) * (width_s / 300)} * [30, 3, ${12 + at}, ${2 + at * 0.1}, 0.2][1 + kind] * (1 + 0.05 * (cell % 14)) AS rate
  FROM numbers(${CELLS * 5})
  WHERE kind != 4 OR intDiv(cell, 56) = 1
  ORDER BY region, operator, access, family, technology, flow_direction, observation_point, exporter
) AS series_of_cells
${FILLING}`;

const books = (
  { fromS, days }: Month,
  seed: number,
) => `INSERT INTO ledger (at, exporter, stage, outcome, reason, count)
SELECT toDateTime(${fromS} + 300 * bucket, 'UTC'), exporter, stage, outcome, '',
  if(outcome = 'lost', cityHash64(bucket * ${EXPORTERS * 8} + account, ${seed}) % 3, 3000)
FROM (SELECT number AS bucket FROM numbers(${days * 288})) AS buckets
CROSS JOIN
(
  SELECT number AS account, ${exporterOf("intDiv(number, 8)")} AS exporter,
    toLowCardinality(['receive', 'receive', 'receive', 'receive', 'decode', 'decode', 'write', 'write'][1 + number % 8]) AS stage,
    toLowCardinality(['expected', 'received', 'forwarded', 'lost', 'received', 'forwarded', 'received', 'forwarded'][1 + number % 8]) AS outcome
  FROM numbers(${EXPORTERS * 8})
  ORDER BY exporter, stage, outcome
) AS accounts
${FILLING}`;

/** Far sides: half of them IPv4 /24, half IPv6 /48, from the ranges kept for documentation and benchmarks, and ports of the web. */
const farSides = ({ subscribers, seed }: Filling, { fromS, days, at }: Month) => `INSERT INTO remotes_1d
SELECT toDateTime(${fromS} + ${DAY_S} * day, 'UTC') AS bucket_at,
  remote, remote_as, remote_port, operator, family, technology, records,
  toUInt64(${subscribers} * (1 + far % 97) * (1000 + cityHash64(day * ${REMOTES} + far, ${seed}) % 100) * if(far % 2 = 0, 30, ${12 + at}) / 50) AS bytes_scaled
FROM (SELECT number AS day FROM numbers(${days})) AS by_day
CROSS JOIN
(
  SELECT number AS far,
    if(far % 2 = 0,
      toIPv6(concat('::ffff:', toString(11 + intDiv(far, 2) % 80), '.', toString(intDiv(far, 160) % 250), '.', toString(far % 250), '.0')),
      toIPv6(concat('2409:', lower(hex(toUInt16(0x8000 + intDiv(far, 2) % 4096))), ':', lower(hex(toUInt16(far))), '::'))) AS remote,
    [4134, 4837, 9808, 37963, 45090, 55990][1 + far % 6] AS remote_as,
    [443, 80, 0][1 + far % 3] AS remote_port,
    toLowCardinality(['telecom', 'unicom', 'mobile', 'broadnet'][1 + far % 4]) AS operator,
    if(far % 2 = 0, 4, 6) AS family,
    toLowCardinality('native') AS technology,
    100 AS records
  FROM numbers(${REMOTES})
) AS far_sides
${FILLING}`;

const interfaces = ({ subscribers, seed }: Filling, { fromS, days }: Month) => `INSERT INTO interfaces_1d
SELECT toDateTime(${fromS} + ${DAY_S} * intDiv(number, ${EXPORTERS * 40}), 'UTC'),
  ${exporterOf("number")}, 1 + intDiv(number, ${EXPORTERS}) % 20, 2,
  ['telecom', 'unicom', 'mobile', 'broadnet'][1 + number % 4],
  if(intDiv(number, ${EXPORTERS * 20}) % 2 = 0, 4, 6), 'native', 1000,
  toUInt64(${subscribers}) * (100000 + cityHash64(number, ${seed}) % 1000)
FROM numbers(${days * EXPORTERS * 40})`;

/** Days of a month from its day `day` on, or the month itself. */
interface Span {
  readonly table: "1d" | "1mo";
  readonly first: string;
  readonly day: number;
  readonly days: number;
}

/** Every subscriber on every day of a span, or those tenths of them that are seen on a day: other ones each day. */
const seen = ({ subscribers }: Filling, { table, day, days }: Span, tenths: number) => `(
    SELECT number % ${subscribers} AS u, u % ${CELLS} AS cell, ${day} + intDiv(number, ${subscribers}) AS day
    FROM numbers_mt(${subscribers * days})
    ${table === "1d" ? `WHERE cityHash64(u, day) % 10 < ${tenths}` : ""}
  )`;

/** Nearly all subscribers have IPv4, those of two cells in three IPv6. */
const active = (filling: Filling, span: Span) => `INSERT INTO users_${span.table}
SELECT ${span.first} + day AS starts_on, ${CELL}, arrayJoin(if(cell % 3 = 0, [4], [4, 6])) AS active_family,
  subscribers, prefixes, prefixes AS session_prefixes
FROM
(
  SELECT day, cell,
    uniqCombined64State(17)(cityHash64(u, ${filling.seed})) AS subscribers,
    uniqCombined64ArrayState(14)([${Array.from({ length: PREFIXES_A_USER }, (_, at) => `cityHash64(${PREFIXES_A_USER} * u + ${at}, ${filling.seed}, 1)`).join(", ")}]) AS prefixes
  FROM
  ${seen(filling, span, 7)}
  GROUP BY day, cell
)`;

const assigned = (filling: Filling, span: Span) => `INSERT INTO assigned_${span.table}
SELECT ${span.first} + day AS starts_on, ${CELL},
  arrayJoin(arrayConcat(['any', if(cell % 8 = 0, 'v4_public', 'v4_private')],
    multiIf(cell % 3 = 0, [], intDiv(cell, 56) = 1, ['v6', 'delegated'], ['v6']))) AS kind,
  subscribers, started_sessions
FROM
(
  SELECT day, cell,
    uniqCombined64State(17)(cityHash64(u, ${filling.seed})) AS subscribers,
    uniqCombined64State(17)(cityHash64(u, ${filling.seed}, 2)) AS started_sessions
  FROM
  ${seen(filling, span, 8)}
  GROUP BY day, cell
)`;

/** One subscriber in 64, by day and family. */
const panel = (subscribers: number, seed: number, first: string, days: number) => `INSERT INTO panel_1d
SELECT ${first} + intDiv(number, ${Math.ceil(subscribers / 64) * 2}) AS starts_on,
  access, operator, region, active_family, subscriber, records, packets, 0 AS packets_unsampled, bytes_scaled, prefixes
FROM
(
  SELECT number, intDiv(number, 2) % ${Math.ceil(subscribers / 64)} AS u, u % ${CELLS} AS cell,
    ${CELL},
    if(number % 2 = 0, 4, 6) AS active_family,
    64 * intDiv(cityHash64(u, ${seed}), 64) AS subscriber,
    3 AS records, 3 AS packets, 1500000 + cityHash64(number, ${seed}) % 1000000 AS bytes_scaled,
    [cityHash64(number, 3)] AS prefixes
  FROM numbers(${Math.ceil(subscribers / 64) * 2 * days})
)
WHERE (active_family = 4 OR u % 3 != 0) AND cityHash64(number, ${seed}, 4) % 10 < 7`;
