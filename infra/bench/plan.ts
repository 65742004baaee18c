#!/usr/bin/env node
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runCommand } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { type Demand, planOf } from "./cost-model.ts";
import { SCALE_PAGE, withTables } from "./plan-page.ts";
import { limitRows, roleRows, tableText } from "./plan-tables.ts";
import { newestResults, unitCostsOf } from "./results.ts";

const HELP = `Usage: npm run bench:plan -- [options]

Machines by role for a demand, computed from the newest runs in infra/bench/results and what is assumed
(infra/bench/cost-model.ts; docs/scale.md says which is which).

Options:
  --records-per-s N   Flow records a second in the busiest hour, such as 20e6 (default 1e6)
  --subscribers N     Subscribers (default 40e6)
  --months N          Months that roll-ups are kept (default 37)
  --raw-days N        Days that raw rows are kept (default 30)
  --exporters N       Routers that export (default: one for each 10,000 records/s)
  --page              Writes the tables of docs/scale.md anew, and prints nothing else
  --help              This text
`;

/** A positive number of an option, also as 20e6. */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw new Fault("CONFIG_INVALID", `--${name}: found ${text}, allowed is a number above 0. See --help.`);
  return value;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        "records-per-s": { type: "string", default: "1e6" },
        subscribers: { type: "string", default: "40e6" },
        months: { type: "string", default: "37" },
        "raw-days": { type: "string", default: "30" },
        exporters: { type: "string" },
        page: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
}

await runCommand("bench:plan", async () => {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const results = newestResults();
  if (values.page) {
    writeFileSync(SCALE_PAGE, withTables(readFileSync(SCALE_PAGE, "utf8"), results));
    return 0;
  }
  const recordsPerS = positive("records-per-s", values["records-per-s"]);
  const demand: Demand = {
    recordsPerS,
    subscribers: positive("subscribers", values.subscribers),
    months: positive("months", values.months),
    rawDays: positive("raw-days", values["raw-days"]),
    exporters: values.exporters ? positive("exporters", values.exporters) : Math.ceil(recordsPerS / 10_000),
  };
  const plan = planOf(demand, unitCostsOf(results.scale.result, results.collector.result));
  process.stdout.write(
    `computed from ${results.scale.file} and ${results.collector.file}\n\n${tableText(roleRows([plan]))}\n\n${tableText(limitRows([plan]))}\n`,
  );
  return 0;
});
