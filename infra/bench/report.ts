#!/usr/bin/env node
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { identitiesOf } from "@v6meter/identity";
import { createQueryService, standardQuestions } from "@v6meter/query";
import { type Ask, compose, gather, liveSource, loadTemplate, monthOf, render, sourceOf } from "@v6meter/report";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { Fault, queryConfig, REPORT_FORMAT_NAMES, REPORT_LANGUAGES, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "@v6meter/store";
import { machineNow } from "./machine.ts";
import { fillProvince, PROVINCE_REGISTRY } from "./province-rollups.ts";
import { saveResult } from "./results.ts";
import { type Spread, spreadOf } from "./rounds.ts";

const HELP = `Usage: npm run bench:report -- [options]

Time of the monthly report of a province from its roll-ups: gathering the answers, live and of the closed month, each question
alone, and writing six formats in two languages.

Options:
  --subscribers N  Of the province (default 1000000), in 14 cities, of 4 operators, on 3 kinds of access
  --months N       Months of roll-ups, 2 to 25 (default 13); the last one is the report's
  --months-5m N    Of them the last so many have five-minute rows as well, which rates are told from (default all:
                   no setting lets them expire); the others begin with hours
  --rounds N       Times everything is measured, 2 or more (default 3); the first is cold
  --seed N         Of the traffic and the subscribers' hashes (default 1)
  --json           One JSON line instead of text
  --save           Writes the JSON to infra/bench/results/ as well
  --help           This text
`;

const MONTH = "2026-10";
/** The sixth of the month after. */
const NOW_MS = Date.parse("2026-11-06T00:00:00+08:00");
const KEY = "asked-within-its-own-process";

function readOptions() {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  const flag = { type: "boolean", default: false } as const;
  let values: {
    subscribers: string;
    months: string;
    "months-5m"?: string;
    rounds: string;
    seed: string;
    json: boolean;
    save: boolean;
    help: boolean;
  };
  try {
    values = parseArgs({
      options: {
        subscribers: text("1000000"),
        months: text("13"),
        "months-5m": { type: "string" },
        rounds: text("3"),
        seed: text("1"),
        json: flag,
        save: flag,
        help: flag,
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
  const whole = (name: "subscribers" | "months" | "months-5m" | "rounds" | "seed", least: number, most: number) =>
    wholeOption(name, String(values[name]), least, most);
  const months = whole("months", 2, 25);
  return {
    subscribers: whole("subscribers", 1_000, 100_000_000),
    months,
    months5m: values["months-5m"] === undefined ? months : whole("months-5m", 1, months),
    rounds: whole("rounds", 2, 100),
    seed: whole("seed", 0, 0xffff_ffff),
    json: values.json,
    save: values.save,
    help: values.help,
  };
}

/** Wall time, and the CPU time of this process with its engine, which others' work on the machine hardly changes. */
const timed = async <T>(task: () => Promise<T>): Promise<{ ms: number; cpu_ms: number; result: T }> => {
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  const result = await task();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - startedAt, cpu_ms: (user + system) / 1_000, result };
};

interface Figures {
  cold_ms: number;
  warm_ms: Spread;
  questions: number;
  cold_cpu_ms: number;
  question_ms: Spread & { p95: number };
  question_cpu_ms: Spread;
  slowest: { path: string; ms: number; cpu_ms: number }[];
}

/** Gathers so many times, and asks every question alone, one after the other; of its times the median counts. */
async function measureAnswers(
  ask: Ask,
  rounds: number,
  gatherBy: (ask: Ask) => Promise<unknown>,
  say: (text: string) => void,
): Promise<Figures> {
  const asked = new Set<string>();
  const gathered: { ms: number; cpu_ms: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const noting: Ask = (path) => {
      asked.add(path);
      return ask(path);
    };
    const { ms, cpu_ms } = await timed(() => gatherBy(noting));
    gathered.push({ ms, cpu_ms });
    say(`gathered ${asked.size} answers in ${ms.toFixed(0)} ms, ${cpu_ms.toFixed(0)} ms of CPU`);
  }
  const times: { path: string; ms: number; cpu_ms: number }[] = [];
  for (const path of asked) {
    const own: { ms: number; cpu_ms: number }[] = [];
    for (let round = 0; round < rounds; round++)
      own.push(await timed(() => ask(path).catch((error: unknown) => error)));
    const median = (name: "ms" | "cpu_ms") => spreadOf(own.map((it) => it[name])).median;
    times.push({ path, ms: median("ms"), cpu_ms: median("cpu_ms") });
  }
  times.sort((a, b) => b.ms - a.ms);
  const [cold = { ms: 0, cpu_ms: 0 }, ...warm] = gathered;
  const all = times.map(({ ms }) => ms);
  return {
    cold_ms: cold.ms,
    cold_cpu_ms: cold.cpu_ms,
    warm_ms: spreadOf(warm.map(({ ms }) => ms)),
    questions: asked.size,
    question_ms: { ...spreadOf(all), p95: all[Math.floor(all.length / 20)] as number },
    question_cpu_ms: spreadOf(times.map(({ cpu_ms }) => cpu_ms)),
    slowest: times.slice(0, 8),
  };
}

await runCommand("bench:report", async () => {
  const { subscribers, months, months5m, rounds, seed, json, save, help } = readOptions();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const say = (text: string) => {
    if (!json) process.stderr.write(`${text}\n`);
  };
  const machine = machineNow();
  const template = loadTemplate();
  const folder = mkdtempSync(join(tmpdir(), "v6meter-bench-"));
  const asked = new Set<string>();
  const store = await openEmbeddedStore({ path: folder, config: storeConfig.parse({}) });
  const service = createQueryService({
    store,
    config: queryConfig.parse({}),
    identities: identitiesOf({ adminKey: KEY }),
    audit: { append: async () => {} },
    named: () => PROVINCE_REGISTRY,
    now: () => NOW_MS,
    // Of the months it is compared with only what the report asks of them is kept.
    questionsOf: (catalogue, name) =>
      name === MONTH
        ? standardQuestions(catalogue, name)
        : [...asked].filter((path) => path.includes(`month=${name}`)).map((path) => ({ path, restated: true })),
  });
  const send = async (method: "GET" | "POST", url: string, payload?: object) => {
    const answer = await service.app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${KEY}` },
      ...(payload && { payload }),
    });
    if (answer.statusCode >= 300) throw new Fault("NOT_FOUND", answer.json<{ detail: string }>().detail);
    return answer.json<unknown>();
  };
  const ask: Ask = (path) => {
    asked.add(path);
    return send("GET", path);
  };
  try {
    await store.migrate();
    const filled = await timed(() =>
      fillProvince(store, { subscribers, months, months5m, seed, lastMonth: MONTH, say }),
    );
    say(
      `filled in ${(filled.ms / 1_000).toFixed(0)} s, ${(filled.cpu_ms / 1_000).toFixed(0)} s of CPU: ${JSON.stringify(filled.result)}`,
    );
    const month = monthOf(MONTH, NOW_MS);
    const given = { template, month, nowMs: NOW_MS };
    const live = await measureAnswers(ask, rounds, (own) => gather(liveSource(own), given), say);
    const closed: number[] = [];
    for (const name of [...(months > 12 ? ["2025-10"] : []), "2026-09", MONTH]) {
      const { ms } = await timed(async () => {
        await send("POST", "/api/v1/snapshots", { month: name });
        for (;;) {
          const { snapshots } = (await ask(`/api/v1/snapshots?month=${name}`)) as {
            snapshots: { state: string; reason: string }[];
          };
          if (snapshots[0]?.state === "taken") return;
          if (snapshots[0]?.state !== "taking") throw new Fault("INTERNAL", `${name}: ${snapshots[0]?.reason}`);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      });
      closed.push(ms);
      say(`closed ${name} in ${(ms / 1_000).toFixed(1)} s`);
    }
    const frozen = await measureAnswers(ask, rounds, async (own) => gather(await sourceOf(own, month), given), say);
    const gathered = await gather(await sourceOf(ask, month), given);
    const written = new Map<string, number[]>();
    const whole: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { ms } = await timed(async () => {
        for (const lang of REPORT_LANGUAGES) {
          const document = await timed(async () => compose(gathered, lang));
          written.set(`compose ${lang}`, [...(written.get(`compose ${lang}`) ?? []), document.ms]);
          for (const format of REPORT_FORMAT_NAMES) {
            const { ms } = await timed(() => render(document.result, format));
            written.set(`${format} ${lang}`, [...(written.get(`${format} ${lang}`) ?? []), ms]);
          }
        }
      });
      whole.push(ms);
    }
    const [firstWrite = 0, ...laterWrites] = whole;
    const result = {
      bench: "report",
      at: machine.at,
      machine,
      load: { start: machine.loadAverage, end: machineNow().loadAverage },
      subscribers,
      months,
      months_5m: months5m,
      seed,
      rounds,
      rows: filled.result,
      fill_ms: filled.ms,
      fill_cpu_ms: filled.cpu_ms,
      live,
      close_ms: closed.at(-1),
      frozen,
      write_first_ms: firstWrite,
      write_ms: spreadOf(laterWrites),
      formats_ms: Object.fromEntries([...written].map(([name, all]) => [name, spreadOf(all)])),
      whole_cold_ms: frozen.cold_ms + firstWrite,
      whole_live_cold_ms: live.cold_ms + firstWrite,
    };
    if (save) saveResult(result, machine.commit.replace("+", "-changed"));
    if (json) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return 0;
    }
    const ms = (it: Spread) => `${it.median.toFixed(0)} ms (${it.min.toFixed(0)} to ${it.max.toFixed(0)})`;
    const told = (name: string, it: Figures) => [
      `${name}: ${it.questions} questions, cold ${it.cold_ms.toFixed(0)} ms (${it.cold_cpu_ms.toFixed(0)} of CPU), warm ${ms(it.warm_ms)}; each alone ${ms(it.question_ms)}, of CPU ${ms(it.question_cpu_ms)}, 95 of 100 within ${it.question_ms.p95.toFixed(0)} ms`,
      ...it.slowest.map(
        ({ path, ms, cpu_ms }) => `  ${ms.toFixed(0).padStart(6)} ms, ${cpu_ms.toFixed(0)} of CPU  ${path}`,
      ),
    ];
    const lines = [
      ...told("live", live),
      `closing the month: ${((closed.at(-1) ?? 0) / 1_000).toFixed(1)} s`,
      ...told("closed month", frozen),
      `writing ${REPORT_FORMAT_NAMES.length} formats in ${REPORT_LANGUAGES.length} languages: first ${firstWrite.toFixed(0)} ms, then ${ms(result.write_ms)}`,
      ...Object.entries(result.formats_ms).map(([name, it]) => `  ${name.padEnd(10)} ${ms(it)}`),
      `all of it: ${(result.whole_cold_ms / 1_000).toFixed(1)} s for the closed month, ${(result.whole_live_cold_ms / 1_000).toFixed(1)} s live`,
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
  } finally {
    await service.stop();
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
