import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { api } from "@v6meter/schemas";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openBrowser } from "./browser.ts";
import { writeCatalogue } from "./console-catalogue.test-data.ts";
import { testLooks } from "./console-catalogue-looks.test-data.ts";
import { startProvince } from "./console-province.ts";
import { buildConsole, eventually, TEST_MAX_MS, type Visit, visit } from "./console-visit.test-data.ts";
import type { Platform } from "./platform.ts";

const SUBSCRIBERS = 300;
const ADDED = `indicators:
  - id: added_share
    extends: traffic_share
    zh: 新增指标
    en: Added share
    where: { access: [mobile] }
`;

/** A share as the pages write it. */
const percentText = (value: number | null): string => (value === null ? "—" : `${(value * 100).toFixed(2)}%`);

/** Rows of a file that a page has given, by the names of its columns. */
function csvRows(text: string): Record<string, string>[] {
  const [head = "", ...lines] = text.replace("\uFEFF", "").trim().split("\r\n");
  const names = head.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i] as string, cell])));
}

vi.setConfig({ testTimeout: TEST_MAX_MS });
const browser: Browser | null = await openBrowser("the console's catalogue in a browser");

describe.runIf(browser !== null)("the console's catalogue", () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-console-catalogue-"));
  const nowMs = Date.now();
  let platform: Platform;
  let end: () => Promise<void>;
  let person: Visit;

  beforeAll(async () => {
    buildConsole();
    writeCatalogue(folder, nowMs);
    ({ platform, end } = await startProvince(SUBSCRIBERS, { env: { V6METER_QUERY__CATALOGUE_DIR: folder } }));
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await end?.();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    person = await visit(browser as Browser, platform);
  });
  afterEach(async () => {
    await person.end();
  });

  /** What the API answers to the question of a room. */
  const answer = async <T>(room: string): Promise<T> => {
    const asked = await person.page.locator(`[data-room="${room}"] footer code`).first().textContent();
    return platform.get((asked ?? "").replace(/^GET /, ""));
  };
  const text = (room: string) => person.page.locator(`[data-room="${room}"]`).innerText();

  /** Takes what a room gives as a file. */
  const download = async (room: string, kind: "csv" | "png") => {
    const [file] = await Promise.all([
      person.page.waitForEvent("download"),
      person.page.locator(`[data-room="${room}"] [data-do="${kind}"]`).click(),
    ]);
    return readFileSync(await file.path());
  };

  test("the catalogue is the API's, is searched, and shows an indicator that was added as a file", async () => {
    const { page } = person;
    await person.open("indicators");
    const { indicators } = await platform.get<api.Indicators>("/api/v1/indicators");
    expect(await page.locator("[data-indicator]").count()).toBe(indicators.length);
    const list = await text("catalogue");
    for (const it of indicators) for (const part of [it.zh, it.en, it.definition.zh]) expect(list).toContain(part);
    await page.locator('[data-dimension="terminal"]').click();
    const terminals = indicators.filter(({ dimension }) => dimension === "terminal");
    await eventually(() => page.locator("[data-indicator]").count()).toBe(terminals.length);
    await page.locator("input.search").fill("家庭 路由器");
    await eventually(() => page.locator("[data-indicator]").count()).toBe(1);
    expect(page.url()).toContain("dimension=terminal");

    writeFileSync(join(folder, "added.yaml"), ADDED);
    await person.open("indicators?q=added_share");
    await page.locator('[data-indicator="added_share"] a').click();
    await page.locator('[data-figure="total"]').waitFor();
    await person.settle();
    const figures = await answer<api.IndicatorFigures>("groups");
    expect(figures.total.value).toBeGreaterThan(0);
    expect(await page.locator('[data-figure="total"]').innerText()).toContain(percentText(figures.total.value));
    writeFileSync(join(folder, "added.yaml"), "indicators: 3\n");
    await person.open("indicators");
    expect(await page.locator("main .partial").innerText()).toContain("added.yaml");
    rmSync(join(folder, "added.yaml"));
  });

  test("figures of an indicator are the API's by two groupings, in the CSV unrounded, and a link brings back the view", async () => {
    const { page } = person;
    await person.open("indicators?id=traffic_share&by=region,access&interval=1d&period=7d&operator=telecom");
    const figures = await answer<api.IndicatorFigures>("groups");
    expect(figures.by).toEqual(["region", "access"]);
    expect(figures.rows.length).toBeGreaterThan(14);
    await page.locator('[data-room="groups"] .figures summary').click();
    const shown = await page.locator('[data-room="groups"] table').innerText();
    for (const { value, numerator } of figures.rows) {
      expect(shown).toContain(percentText(value));
      expect(shown.replaceAll(",", "")).toContain(numerator as string);
    }
    const rows = csvRows((await download("groups", "csv")).toString());
    const key = (row: { region?: string | undefined; access?: string | undefined }) => `${row.region} ${row.access}`;
    const given = new Map(rows.map((row) => [key(row), row]));
    for (const row of figures.rows) expect(given.get(key(row))?.value).toBe(String(row.value ?? ""));
    expect((await download("series", "png")).subarray(1, 4).toString()).toBe("PNG");

    const seen = await page.locator("main").innerText();
    await page.locator('[data-room="groups"] .figures summary').click();
    const again = await visit(browser as Browser, platform);
    await again.open(new URL(page.url()).pathname.replace("/console/", "") + new URL(page.url()).search);
    await again.page.locator('[data-room="groups"] .figures summary').click();
    expect(await again.page.locator("main").innerText()).toBe(seen);
    await again.end();
  });

  test("an indicator of users is told with method and interval, a reported one by months", async () => {
    const { page } = person;
    await person.open("indicators?id=active_connections&by=operator");
    const users = await answer<api.IndicatorFigures>("groups");
    await page.locator('[data-room="groups"] .figures summary').click();
    const table = (await page.locator('[data-room="groups"] table').innerText()).replaceAll(",", "");
    expect(users.rows.length).toBeGreaterThan(1);
    for (const { value, low, suppressed } of users.rows)
      for (const figure of suppressed ? [] : [value, low]) expect(table).toContain(String(figure));
    expect(await page.locator('[data-room="series"] .legend').innerText()).toMatch(/AAA会话|比例估算|部分|仅活跃前缀/);

    await person.open("indicators?id=gov_site_share&by=region");
    const reported = await answer<api.IndicatorFigures>("series");
    expect(reported.interval).toBe("1mo");
    expect(new Set(reported.rows.map(({ at }) => at)).size).toBe(14);
    await person.open("indicators?id=no_such_thing");
    expect(await text("indicator")).toContain("no_such_thing");
  });

  test("objects are the API's, sorted as they are asked for, and one opens to its traffic and what is known of it", async () => {
    const { page } = person;
    await person.open("objects?period=7d&sort=share");
    const traffic = await answer<api.ObjectTrafficAnswer>("objects");
    const { objects } = await platform.get<api.Objects>("/api/v1/objects");
    const rows = page.locator("tr[data-object]");
    expect(await rows.count()).toBe(objects.length);
    const measured = traffic.groups.filter(({ share }) => share !== null);
    expect(measured.length).toBeGreaterThan(4);
    for (const { group, share, part } of measured) {
      const row = page.locator(`tr[data-object="${group}"]`);
      expect(await row.locator('[data-part="share"]').innerText()).toBe(percentText(share));
      expect(await row.locator('[data-part="part"]').innerText()).toBe(percentText(part));
    }
    const order = () => rows.evaluateAll((all) => all.map((it) => it.getAttribute("data-object")));
    const rising = measured.toSorted((a, b) => (a.share ?? 0) - (b.share ?? 0)).map(({ group }) => group);
    expect((await order()).slice(0, rising.length)).toEqual(rising);
    await page.locator('[data-sort="share"]').click();
    await eventually(async () => (await order()).slice(0, rising.length)).toEqual(rising.toReversed());

    await page.locator("input.search").fill("辽视频");
    await eventually(() => rows.count()).toBe(1);
    await page.locator('[data-object="video_site"] a').click();
    await page.locator('[data-room="known-app_concentration"]').waitFor();
    await person.settle();
    const own = await answer<api.ObjectTrafficAnswer>("object");
    expect(await page.locator('[data-figure="object-share"]').innerText()).toContain(
      percentText(own.groups[0]?.share ?? null),
    );
    for (const name of ["app_concentration", "site_link_support"]) {
      const known = await answer<api.IndicatorFigures>(`known-${name}`);
      expect(known.rows.length).toBe(14);
      expect(await text(`known-${name}`)).toContain(percentText(known.rows.at(-1)?.value ?? null));
    }
    expect(await page.locator('[data-room="known-industrial_node_share"]').count()).toBe(0);
  });

  test("targets are the API's, the national ones apart, and how each stands is written", async () => {
    const { page } = person;
    await person.open("targets");
    const { targets } = await answer<api.Targets>("provincial");
    const standings = new Set<string>();
    for (const it of targets) {
      const row = page.locator(`[data-room="${it.scope}"] [data-target="${it.id}"]`);
      const standing = (await row.getAttribute("data-standing")) ?? "";
      standings.add(standing);
      expect(standing === "reached", it.id).toBe(it.reached);
      if (it.in_time === false) expect(["off_pace", "missed"], it.id).toContain(standing);
      const seen = await row.innerText();
      expect(seen).toContain(it.by);
      expect(seen).toContain(it.source);
      expect(await row.locator('[data-part="progress"]').innerText()).toBe(percentText(it.progress));
      if (it.current && it.unit === "ratio") expect(seen).toContain(percentText(it.current.value));
      if (it.current && it.unit !== "ratio") expect(seen.replaceAll(",", "")).toContain(String(it.current.value));
      expect(await row.locator('[data-part="projected"]').innerText()).toBe(it.projected ?? "—");
      const pace = await row.locator('[data-part="pace"]').innerText();
      if (it.pace_a_month === null) expect(pace).toBe("—");
      else if (it.unit === "ratio") expect(pace).toContain(Math.abs(it.pace_a_month * 100).toFixed(2));
    }
    expect([...standings].sort()).toEqual(["missed", "none", "off_pace", "on_pace", "reached", "unknown"]);
    await page.locator('[data-choice="off_pace"]').click();
    await eventually(() => page.locator("tr[data-target]").count()).toBe(1);
    expect(await page.locator('[data-target="far_connections"] .standing').innerText()).toContain("进度滞后");
    await page.reload();
    await person.settle();
    expect(await page.locator("tr[data-target]").count()).toBe(1);
    const rows = csvRows((await download("provincial", "csv")).toString());
    expect(rows.map(({ id, standing }) => [id, standing])).toEqual([["far_connections", "off_pace"]]);
  });

  test("ranks are the API's against the month before, and a score opens to its items and figures", async () => {
    const { page } = person;
    await person.open("evaluation?rule=city_assessment.1");
    const { subjects } = await answer<api.Evaluations>("ranks");
    expect(subjects.length).toBe(14);
    const moves = new Set<number>();
    for (const { subject, rank, score, previous_rank, previous_score } of subjects) {
      const row = page.locator(`tr[data-subject="${subject}"]`);
      expect(await row.locator('[data-part="rank"]').innerText()).toBe(String(rank));
      expect(await row.locator('[data-part="score"]').innerText()).toBe((score as number).toFixed(2));
      expect(await row.locator('[data-part="previous"]').innerText()).toBe((previous_score as number).toFixed(2));
      const by = (previous_rank as number) - (rank as number);
      moves.add(Math.sign(by));
      const sign = by > 0 ? `▲${by}` : by < 0 ? `▼${-by}` : "–";
      expect(await row.locator('[data-part="moved"] span').first().innerText()).toBe(sign);
    }
    expect(moves.size).toBe(3);
    const [first] = subjects as [api.Evaluations["subjects"][number]];
    await page.locator(`tr[data-subject="${first.subject}"] .opens`).click();
    await page.locator(".parts").waitFor();
    for (const { indicator, points, figure } of first.items) {
      const item = page.locator(`[data-item="${indicator}"]`);
      expect(await item.locator('[data-part="points"]').innerText()).toBe((points as number).toFixed(2));
      expect(await item.locator('[data-part="figure"]').innerText()).toBe(percentText(figure?.value ?? null));
      if (figure) expect((await item.innerText()).replaceAll(",", "")).toContain(`${figure.numerator} ÷`);
    }
    expect(page.url()).toContain(`subject=${first.subject}`);
    await page.locator("main .head select").first().selectOption("operator_assessment.1");
    await person.settle();
    const operators = await answer<api.Evaluations>("ranks");
    expect(operators.subjects.length).toBeGreaterThan(0);
    expect(await page.locator("tr[data-subject]").count()).toBe(operators.subjects.length);
  });

  testLooks({ platform: () => platform, person: () => person });
});
