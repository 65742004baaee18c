#!/usr/bin/env node
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { askApi } from "@v6meter/accuracy/ask";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { type api, Fault, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "@v6meter/store";
import { spreadOf } from "./rounds.ts";
import { fillUsersMonth, USERS_MONTH } from "./users-month.ts";

const HELP = `Usage: npm run bench:users -- [options]

Time of the API's answer for a month of active users by region and operator, from roll-ups of so many users.

Options:
  --users N    Users of the month (default 15000000), in 14 cities, 4 operators and 3 kinds of access
  --rounds N   Questions, 3 or more; the median and the spread are printed (default 7)
  --seed N     Of the users' hashes (default 1)
  --json       One JSON line instead of text
  --help       This text
`;

function readOptions() {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  const flag = { type: "boolean", default: false } as const;
  let values: { users: string; rounds: string; seed: string; json: boolean; help: boolean };
  try {
    values = parseArgs({
      options: { users: text("15000000"), rounds: text("7"), seed: text("1"), json: flag, help: flag },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
  const whole = (name: "users" | "rounds" | "seed", least: number, most: number) =>
    wholeOption(name, values[name], least, most);
  return {
    users: whole("users", 10_000, 2_000_000_000),
    rounds: whole("rounds", 3, 1_000),
    seed: whole("seed", 0, 0xffff_ffff),
    json: values.json,
    help: values.help,
  };
}

await runCommand("bench:users", async () => {
  const { users, rounds, seed, json, help } = readOptions();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "v6meter-bench-"));
  const store = await openEmbeddedStore({ path: folder, config: storeConfig.parse({}) });
  try {
    await store.migrate();
    await fillUsersMonth(store.engine, users, seed, (done) => {
      if (!json) process.stderr.write(`${done} of ${users} users\n`);
    });
    const ask = askApi(store);
    const times: number[] = [];
    let total: number | null = null;
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      const answer = await ask<api.ActiveUsers>(`/api/v1/users/active?month=${USERS_MONTH}&by=region,operator`);
      times.push(performance.now() - startedAt);
      total = answer.total.users;
    }
    const answerMs = spreadOf(times);
    if (json)
      process.stdout.write(`${JSON.stringify({ users, rounds, seed, answered_users: total, answer_ms: answerMs })}\n`);
    else
      process.stdout.write(
        `${users} users, told as ${total}: ${answerMs.median.toFixed(0)} ms (${answerMs.min.toFixed(0)} to ${answerMs.max.toFixed(0)})\n`,
      );
    return 0;
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
