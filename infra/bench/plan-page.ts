import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import { type Demand, planOf } from "./cost-model.ts";
import { assumedRows, costRows, limitRows, type Rows, roleRows, seriesRows, tableText } from "./plan-tables.ts";
import { type Results, unitCostsOf } from "./results.ts";

/** The page whose tables are the model's. */
export const SCALE_PAGE = join(import.meta.dirname, "../../docs/scale.md");

/** The demands the page plans for: a city, a province with sampled exports, one with many, the country. */
export const DEMANDS: readonly Demand[] = [
  { recordsPerS: 100_000, subscribers: 1_000_000, months: 37, rawDays: 30, exporters: 50 },
  { recordsPerS: 1_000_000, subscribers: 40_000_000, months: 37, rawDays: 30, exporters: 2_000 },
  { recordsPerS: 20_000_000, subscribers: 40_000_000, months: 37, rawDays: 7, exporters: 4_000 },
  { recordsPerS: 100_000_000, subscribers: 1_400_000_000, months: 37, rawDays: 7, exporters: 60_000 },
];

/** The tables of the page by name. */
function tablesOf({ scale, collector }: Results): Record<string, Rows> {
  const costs = unitCostsOf(scale.result, collector.result);
  const plans = DEMANDS.map((demand) => planOf(demand, costs));
  const { at, commit, machine, load, rounds } = scale.result;
  return {
    run: [
      ["runs", "of", "machine", "load of it", "rounds"],
      [
        `\`${scale.file}\`, \`${collector.file}\``,
        `${at.slice(0, 10)}, ${commit ?? "not committed"}`,
        `${machine.cpus} x ${machine.model} (virtual), Node ${machine.node}`,
        `${load.start.toFixed(0)} to ${load.end.toFixed(0)}`,
        String(rounds),
      ],
    ],
    series: seriesRows(scale.result),
    costs: costRows(costs),
    assumed: assumedRows(),
    roles: roleRows(plans),
    limits: limitRows(plans),
  };
}

/** The page with its tables as the model gives them. Throws INTERNAL where it names a table there is not, or lacks one. */
export function withTables(page: string, results: Results): string {
  const tables = tablesOf(results);
  const missing = new Set(Object.keys(tables));
  const text = page.replace(
    /(<!-- table (\w+), by npm run bench:plan -- --page -->\n)[\s\S]*?(<!-- end -->)/g,
    (_all, begin: string, name: string, end: string) => {
      const rows = tables[name];
      if (!rows) throw new Fault("INTERNAL", `docs/scale.md names the table ${name}, which there is not.`);
      missing.delete(name);
      return `${begin}\n${tableText(rows)}\n\n${end}`;
    },
  );
  if (missing.size > 0) throw new Fault("INTERNAL", `docs/scale.md lacks the tables ${[...missing].join(", ")}.`);
  return text;
}
