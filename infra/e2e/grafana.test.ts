import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { api } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProvince } from "./console-province.ts";

/** The dashboards over the analysts' views; Grafana and its plugin are not run: their macros are expanded here. */
const FOLDER = resolve(import.meta.dirname, "../ship/grafana");
const ZONE_MS = 28_800_000;
const DAY_MS = 86_400_000;

interface Dashboard {
  templating: { list: { name: string; query: string }[] };
  panels: { title: string; type: string; interval?: string; targets: { format: string; query: string }[] }[];
}
const boards = ["traffic", "users", "exporters"].map((name) => ({
  name,
  board: JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as Dashboard,
}));
const panels = boards.flatMap(({ name, board }) =>
  board.panels.flatMap(({ title, type, interval = "5m", targets }) =>
    targets.map(({ format, query }) => ({ name, title, type, interval, format, query })),
  ),
);

interface Answer {
  meta: { name: string; type: string }[];
  data: Record<string, string | number | null>[];
}

let province: Awaited<ReturnType<typeof startProvince>>;
const variables = new Map<string, Map<string, string[]>>();
/** Whole days of Asia/Shanghai, so that the API is asked for the same. */
let fromMs: number;
let toMs: number;

beforeAll(async () => {
  province = await startProvince(800);
  const today = Math.floor((Date.now() + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS;
  [fromMs, toMs] = [today - DAY_MS, today + DAY_MS];
  for (const { name, board } of boards) {
    const own = new Map<string, string[]>();
    for (const variable of board.templating.list) {
      const { data, meta } = await ask(variable.query);
      expect(meta).toHaveLength(1);
      own.set(
        variable.name,
        data.map((row) => String(row[meta[0]?.name ?? ""])),
      );
    }
    variables.set(name, own);
  }
}, 240_000);
afterAll(() => province?.end());

/** Asks the SQL port as the plugin does: the statement by POST, as the analyst, for JSON. */
async function ask(query: string): Promise<Answer> {
  const password = readFileSync(join(province.folder, "analyst.key"), "utf8").trim();
  const answer = await fetch(`${province.platform.sqlPort}/?database=analyst`, {
    method: "POST",
    body: `${query} FORMAT JSON`,
    headers: { authorization: `Basic ${Buffer.from(`analyst:${password}`).toString("base64")}` },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${query}: ${answer.status} ${text}`);
  return JSON.parse(text) as Answer;
}

const SECONDS: Record<string, number> = { m: 60, h: 3_600, d: 86_400 };

/** $from and $to in seconds, $interval in seconds, ${name:singlequote} as a list in quotes, as plugin and Grafana document them. */
function expanded({ name, query, interval }: (typeof panels)[number]): string {
  const seconds = Number.parseInt(interval, 10) * (SECONDS[interval.at(-1) ?? ""] ?? Number.NaN);
  const text = query
    .replace(/\$\{(\w+):singlequote\}/g, (_, variable: string) => {
      const values = variables.get(name)?.get(variable) ?? [];
      return values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(",");
    })
    .replace(/\$from\b/g, String(fromMs / 1_000))
    .replace(/\$to\b/g, String(toMs / 1_000))
    .replace(/\$interval\b/g, String(seconds));
  expect(text, "every macro is one of those that are documented").not.toContain("$");
  return text;
}

const rowsOf = async (title: string) => {
  const panel = panels.find((it) => it.title.startsWith(title));
  if (!panel) throw new Error(`no panel ${title}`);
  return (await ask(expanded(panel))).data;
};
const period = () =>
  `from=${encodeURIComponent(api.instantText(fromMs))}&to=${encodeURIComponent(api.instantText(toMs))}`;

/** Panels that have nothing to show while all is well. */
const EMPTY_WHEN_WELL = ["Dropped, by stage and reason"];

describe("every panel's statement", () => {
  test.each(panels)("$name: $title", async (panel) => {
    const { meta, data } = await ask(expanded(panel));
    if (!EMPTY_WHEN_WELL.some((title) => panel.title.startsWith(title))) expect(data.length).toBeGreaterThan(0);
    const last = meta.at(-1)?.type ?? "";
    if (panel.type !== "table") expect(last).toMatch(/^(Nullable\()?(U?Int\d+|Float64)/);
    if (panel.type === "stat") expect([meta.length, data.length, panel.format]).toEqual([1, 1, "table"]);
    if (panel.type === "bargauge") expect(meta).toHaveLength(2);
    if (panel.format !== "time_series") return;
    expect(meta[0]).toEqual({ name: "t", type: "UInt64" });
    const times = data.map(({ t }) => Number(t));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const t of times) {
      expect(t).toBeGreaterThan(fromMs - DAY_MS);
      expect(t).toBeLessThan(toMs);
    }
  });
});

describe("figures are the API's", () => {
  test("the share of the traffic, whole and by region", async () => {
    const whole = await province.platform.get<api.TrafficShare>(`/api/v1/traffic/share?${period()}`);
    const [share] = await rowsOf("IPv6 share of traffic");
    expect(whole.total.share).toBeGreaterThan(0.1);
    expect(share?.share).toBeCloseTo(whole.total.share as number, 12);
    const [native] = await rowsOf("Native IPv6 share");
    expect(native?.native_share).toBeCloseTo(whole.total.native_share as number, 12);
    const by = await province.platform.get<api.TrafficShare>(`/api/v1/traffic/share?by=region&${period()}`);
    const told = new Map((await rowsOf("IPv6 share of each region")).map((row) => [row.region, row.share]));
    expect(told.size).toBeGreaterThan(10);
    for (const { region, share } of by.rows)
      if (share !== null) expect(told.get(region as string)).toBeCloseTo(share, 12);
  });

  test("users of a month by region, operator and access", async () => {
    const month = api.monthText(Date.now());
    const { rows } = await province.platform.get<api.ActiveUsers>(
      `/api/v1/users/active?month=${month}&by=region,operator,access`,
    );
    const told = (await rowsOf("Months by region")).filter((row) => String(row.month).startsWith(month));
    let held = 0;
    for (const row of told) {
      const answer = rows.find((it) =>
        ["region", "operator", "access"].every((name) => it[name as "region"] === row[name]),
      );
      if (answer?.session_users === null || answer?.suppressed) continue;
      expect(Number(row.subscribers)).toBe(answer?.session_users);
      held++;
    }
    expect(held).toBeGreaterThan(3);
  });

  test("the books balance", async () => {
    const rows = await rowsOf("The books");
    expect(rows.map(({ stage }) => stage)).toEqual(expect.arrayContaining(["receive", "decode", "write"]));
    for (const { stage, unexplained } of rows) expect([stage, Number(unexplained)]).toEqual([stage, 0]);
  });
});
