import { ASSUMED, type Plan, SESSIONS_A_TABLE, type UnitCosts } from "./cost-model.ts";
import type { ScaleResult } from "./results.ts";

/** A table: its head, then its rows. */
export type Rows = readonly (readonly string[])[];

/** A table as Markdown. */
export function tableText([head = [], ...rows]: Rows): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A number in three digits, large ones with a word. */
function amount(value: number): string {
  for (const [factor, word] of [
    [1e12, " T"],
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
  ] as const)
    if (value >= factor) return `${Number((value / factor).toPrecision(3))}${word}`;
  return String(Number(value.toPrecision(3)));
}

function bytes(value: number): string {
  for (const [factor, word] of [
    [1e15, "PB"],
    [1e12, "TB"],
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const)
    if (value >= factor) return `${Number((value / factor).toPrecision(3))} ${word}`;
  return `${Number(value.toPrecision(3))} B`;
}

const gigabits = (bytesPerS: number) => `${amount((bytesPerS * 8) / 1e9)} Gbit/s`;

/** What each role of each plan needs. */
export function roleRows(plans: readonly Plan[]): Rows {
  return [
    [
      "records/s",
      "subscribers",
      "role",
      "cores",
      "memory",
      "network in",
      "network out",
      "disk",
      "machines",
      "bound by",
    ],
    ...plans.flatMap(({ demand, roles }) =>
      roles.map((it) => [
        amount(demand.recordsPerS),
        amount(demand.subscribers),
        it.role,
        amount(it.cores),
        it.memoryBytes > 0 ? bytes(it.memoryBytes) : "its caches",
        gigabits(it.networkInBytesPerS),
        gigabits(it.networkOutBytesPerS),
        it.diskBytes > 0 ? bytes(it.diskBytes) : "none",
        String(it.machines),
        it.boundBy,
      ]),
    ),
  ];
}

/** What stands in the way of each plan. */
export function limitRows(plans: readonly Plan[]): Rows {
  const row = (what: string, of: (plan: Plan) => string) => [what, ...plans.map(of)];
  return [
    row("", ({ demand }) => `${amount(demand.recordsPerS)}/s, ${amount(demand.subscribers)}`),
    row("tables of sessions that share the subscribers", (it) => String(it.sessionShards)),
    row("memory of one of them, in each classifier", (it) => bytes(it.sessionTableBytes)),
    row("classifiers, a process each", (it) => amount(it.classifierProcesses)),
    row("partitions of v6meter.flows", (it) => amount(it.partitions)),
    row("shards of ClickHouse", (it) => amount(it.engineShards)),
    row("inserts a second", (it) => amount(it.insertsPerS)),
    row("rows that a shard gets of each, through Distributed", (it) => amount(it.distributedRows)),
    row("CPU-s a million rows at so few", (it) => amount(it.distributedInsertCpuS)),
    row("session events a second, busiest hour", (it) => amount(it.sessionEventsPerS)),
    row("states of users on disk, all months and shards", (it) => bytes(it.stateBytesOnDisk)),
    row("states that the shards send for a question of a month", (it) => bytes(it.stateBytesPerQuestion)),
  ];
}

/** The measured unit costs a plan is computed from. */
export function costRows(costs: UnitCosts): Rows {
  const list = (measured: readonly { size: number; cost: number }[]) =>
    measured.map(({ size, cost }) => `${amount(cost)} at ${amount(size)}`).join(", ");
  return [
    ["what", "figure", "from"],
    ["collector, UDP to Kafka", `${amount(costs.collectorCpuS)} CPU-s a million records`, "bench:collector"],
    ["record on the bus", `${amount(costs.busBytes)} bytes`, "bench:collector"],
    ["decoder, each exporter", bytes(costs.exporterBytes), "bench:scale, exporters"],
    ["classify with sessions, by sessions", `${list(costs.classifyNs)} CPU-ns a row`, "bench:scale, subscribers"],
    ["table of sessions", `${amount(costs.sessionBytes)} bytes a session`, "bench:scale, subscribers"],
    ["session event", `${amount(costs.eventNs)} CPU-ns`, "bench:scale, subscribers"],
    ["insert with roll-ups and merges, by rows", `${list(costs.insertCpuS)} CPU-s a million`, "bench:scale, inserts"],
    ["raw row on the disk", `${amount(costs.rowBytes)} bytes`, "bench:scale, inserts"],
    ["states of users of a month", bytes(costs.stateBytes), "bench:scale, users"],
  ];
}

/** What is assumed, not measured. */
export function assumedRows(): Rows {
  return [
    ["assumed", "value"],
    ...Object.entries(ASSUMED).map(([name, value]) => [`\`${name}\``, amount(value)]),
    ["sessions a table can number (by the code)", amount(SESSIONS_A_TABLE)],
  ];
}

/** Every series: its costs by size, and what is known of it. */
export function seriesRows({ series }: ScaleResult): Rows {
  return [
    ["what grows", "cost", "unit", "by size (times the baseline)", "flat within a fifth"],
    ...series.map(({ grows, title, unit, points, baseline, flat, cause }) => [
      grows,
      title,
      unit,
      points
        .map(
          ({ size, median, ratio }) =>
            `${amount(size)}: ${amount(median)}${size === baseline ? "" : ` (${ratio.toFixed(2)})`}`,
        )
        .join("; "),
      flat ? "yes" : `no: ${cause ?? "cause not known"}`,
    ]),
  ];
}
