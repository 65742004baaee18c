import { readFileSync } from "node:fs";
import type { api, ReportDocument } from "@v6meter/schemas";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openBrowser } from "./browser.ts";
import { startProvince } from "./console-province.ts";
import { buildConsole, expectWellMade, TEST_MAX_MS, type Visit, visit } from "./console-visit.test-data.ts";
import type { Platform } from "./platform.ts";

/** A month is frozen by a thousand questions, one after the other. */
const REPORT_MAX_MS = 480_000;

vi.setConfig({ testTimeout: TEST_MAX_MS });
const browser: Browser | null = await openBrowser("SQL and reports in a browser");

describe.runIf(browser !== null)("SQL and reports", () => {
  let platform: Platform;
  let end: () => Promise<void>;

  beforeAll(async () => {
    buildConsole();
    ({ platform, end } = await startProvince(300));
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await end?.();
  });
  const begin = () => visit(browser as Browser, platform);
  const editorOf = ({ page }: Visit) => page.locator(".sql-editor .cm-content");
  const type = async (it: Visit, text: string) => {
    await editorOf(it).click();
    await it.page.keyboard.press("ControlOrMeta+A");
    await it.page.keyboard.type(text);
  };
  const done = ({ page }: Visit) => page.locator('[data-figure="spent"]:not(:empty)').waitFor();

  // First, so that the month is frozen while the tests of SQL run.
  test(
    "a month's report is previewed as it is written, downloaded, and frozen once its reader has confirmed",
    async () => {
      const it = await visit(browser as Browser, platform);
      const { page } = it;
      await it.open("reports");
      await page.locator('iframe[data-filled="yes"]').waitFor({ timeout: 120_000 });
      const month = await page.locator('[data-figure="state"]').innerText();
      expect(month).toBe(new Date(Date.now() + 28_800_000).toISOString().slice(0, 7));
      const report = await platform.get<ReportDocument>(`/api/v1/reports/monthly/${month}.json`);
      const frame = page.frameLocator("iframe");
      expect(await frame.locator("h1").innerText()).toBe(report.title);
      expect(await frame.locator(".headline strong").allInnerTexts()).toEqual(
        report.headlines.map((one) => one.cell.text),
      );
      expect(report.headlines[0]?.cell.value).toBeGreaterThan(0);
      expect(await frame.locator("body").evaluate((body) => getComputedStyle(body).maxWidth)).not.toBe("none");

      await page.locator(".report-head [data-choice=en]").click();
      await page.waitForURL(/lang=en/);
      const [file] = await Promise.all([page.waitForEvent("download"), page.locator("[data-format=docx]").click()]);
      expect(file.suggestedFilename()).toBe(`v6meter-${month}-en.docx`);
      expect(
        readFileSync(await file.path())
          .subarray(0, 2)
          .toString(),
      ).toBe("PK");
      await page.locator(".report-head [data-choice=zh]").click();
      await expectWellMade(it, "reports");

      await page.locator(".months li button").nth(1).click();
      const ended = await page.locator('[data-figure="state"]').innerText();
      await page.locator('[data-do="take"]').click();
      await page.locator("dialog").getByText("保存为第1版").waitFor();
      await page.locator("dialog [data-do=no]").click();
      expect((await platform.get<api.Snapshots>("/api/v1/snapshots")).snapshots).toEqual([]);
      await page.locator('[data-do="take"]').click();
      await page.locator("#reason").fill("year-end review");
      await page.locator("dialog [data-do=yes]").click();
      await page.locator(`[data-month="${ended}"] .badge-taking`).waitFor();
      const { snapshots } = await platform.get<api.Snapshots>("/api/v1/snapshots");
      expect(snapshots.map(({ id, reason }) => [id, reason])).toEqual([[`${ended}-v1`, "year-end review"]]);
      await page.locator('[data-choice="versions"]').click();
      expect(await page.locator(`[data-version="${ended}-v1"]`).innerText()).toContain("year-end review");
      await it.end();
    },
    REPORT_MAX_MS,
  );

  test("a question runs to the rows that the API answers, as table, chart and CSV, and a link brings its statement", async () => {
    const it = await begin();
    const { page } = it;
    await it.open("sql");
    await page.locator('[data-question="share-by-region"]').click();
    await page.locator('[data-do="run"]').click();
    await done(it);
    const query = new URL(page.url()).searchParams.get("q") as string;
    const rows = await platform.sql<[string, string, string, number, string]>(query);
    expect(rows.length).toBeGreaterThanOrEqual(14);
    const shown = await page.locator(".sql-rows tbody tr").allInnerTexts();
    expect(shown.map((line) => line.split("\t"))).toEqual(rows.map((row) => row.map(String)));
    expect(await page.locator('[data-figure="spent"]').innerText()).toContain(`${rows.length} 行`);

    await page.locator(".sql-rows th button").nth(1).click();
    const sorted = await page.locator(".sql-rows tbody tr td:nth-child(2)").allInnerTexts();
    expect(sorted.map(Number)).toEqual(rows.map((row) => Number(row[1])).sort((a, b) => b - a));

    const [csv] = await Promise.all([page.waitForEvent("download"), page.locator('[data-do="csv"]').click()]);
    const [head, ...lines] = readFileSync(await csv.path(), "utf8")
      .trim()
      .split("\r\n");
    expect(head).toBe("region,v6_bytes,total_bytes,percent_v6,place");
    expect(lines.toSorted()).toEqual(rows.map((row) => row.join(",")).toSorted());

    await page.locator('[data-choice="chart"]').click();
    await it.settle();
    expect(await page.locator('.chart[data-drawn="yes"]').count()).toBe(1);
    await expectWellMade(it, "sql");
    await page.locator("#sql-name").fill("cities");
    await page.locator('[data-do="save"]').click();

    const other = await it.context.newPage();
    await other.goto(page.url());
    await other.locator("#key").fill(platform.key);
    await other.locator("form button").click();
    await other.locator('[data-do="run"]').waitFor();
    expect((await other.locator(".sql-editor .cm-line").allInnerTexts()).join("\n")).toBe(query);
    expect(await other.locator(".state-empty").count(), "a link runs nothing").toBe(1);
    await other.locator('[data-choice="saved"]').click();
    await other.locator('[data-saved="cities"]').waitFor();
    await it.end();
  });

  test("columns of the views complete, Ctrl+Enter runs, and an error is shown where it is", async () => {
    const it = await begin();
    const { page } = it;
    await it.open("sql");
    await page.locator('[data-choice="views"]').click();
    await page.locator(".sql-list details").first().waitFor();
    await type(it, "SELECT count() FROM analyst.flows WHERE service_p");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "service_port" }).click();
    await page.keyboard.type(" = 443");
    await page.keyboard.press("ControlOrMeta+Enter");
    await done(it);
    const [[count]] = (await platform.sql<[string]>("SELECT count() FROM analyst.flows WHERE service_port = 443")) as [
      [string],
    ];
    expect(await page.locator(".sql-rows td").innerText()).toBe(count);

    await type(it, "SELECT family,\n  famly FROM analyst.flows");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.locator(".sql-problem").waitFor();
    expect(await page.locator(".sql-problem").innerText()).toMatch(/^第 2 行第 \d+ 列\s+UNKNOWN_IDENTIFIER/);
    expect(await page.locator(".cm-lintRange-error").innerText()).toBe("famly");
    await it.end(400);
  });

  test("a statement that runs long is cancelled, in the engine too", async () => {
    const it = await begin();
    const { page } = it;
    await it.open("sql");
    await type(it, "SELECT count() FROM numbers(10000000000) WHERE sipHash64(number) = 7");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.locator('[data-do="cancel"]').click();
    await page.getByText("已取消").waitFor();
    const ends = async () =>
      (
        await platform.sql<[string]>(
          "SELECT toString(count()) FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%system.processes%'",
        )
      )[0]?.[0];
    await expect.poll(ends, { timeout: 30_000 }).toBe("0");
    await it.end();
  });

  test(
    "only a confirmed publication is sent, and what stands against it is said",
    async () => {
      const it = await visit(browser as Browser, platform);
      const { page } = it;
      const [taking] = (await platform.get<api.Snapshots>("/api/v1/snapshots")).snapshots;
      // The list says that it is taken; the platform, which is asked to publish it, knows that it is not.
      const taken = { ...taking, state: "taken", taken_at: "2026-01-02T03:04:05Z" };
      await page.route("**/api/v1/snapshots", (route) => route.fulfill({ json: { snapshots: [taken] } }));
      await it.open(`reports?show=versions&state=${taking?.id}`);
      await page.locator('[data-do="publish"]').click();
      await page.locator("dialog").getByText("不能撤回").waitFor();
      await page.locator("dialog [data-do=yes]").click();
      await page.locator("dialog [role=alert]").getByText(`${taking?.id} is not taken`).waitFor();
      await it.end(404);
    },
    REPORT_MAX_MS,
  );

  test(
    "a frozen month is published, its file is that of the API, and a restatement stands beside it",
    async () => {
      const it = await visit(browser as Browser, platform);
      const { page } = it;
      await it.open("reports?show=versions");
      await page.locator(".months .badge-closed").waitFor({ timeout: REPORT_MAX_MS });
      const month = await page.locator('[data-figure="state"]').innerText();
      const id = `${month}-v1`;
      await page.locator('[data-do="publish"]').click();
      await page.locator("dialog").getByText("不能撤回").waitFor();
      await page.locator("dialog [data-do=yes]").click();
      await page.locator(`[data-month="${month}"] .badge-published`).waitFor();
      const ofMonth = async () =>
        (await platform.get<api.Snapshots>("/api/v1/snapshots")).snapshots.filter((it) => it.month === month);
      const [published] = await ofMonth();
      expect(published).toMatchObject({ id, version: 1, state: "taken" });
      const shownAt = (published?.published_at ?? "never").slice(0, 16).replace("T", " ");
      const row = page.locator(`[data-version="${id}"]`);
      expect(await row.innerText()).toContain(shownAt);
      expect(await row.innerText()).toContain("已公布");

      await row.locator("button").click();
      await page.waitForURL((url) => url.searchParams.get("state") === id);
      const [file] = await Promise.all([page.waitForEvent("download"), page.locator("[data-format=json]").click()]);
      expect(file.suggestedFilename()).toBe(`v6meter-${id}-zh.json`);
      const document = JSON.parse(readFileSync(await file.path(), "utf8")) as ReportDocument;
      const told = await platform.get<ReportDocument>(`/api/v1/reports/monthly/${month}.json?lang=zh&snapshot=${id}`);
      expect(document).toEqual(told);

      await page.locator('[data-do="take"]').click();
      await page.locator("#reason").fill("late data of one city");
      await page.locator("dialog [data-do=yes]").click();
      await page.locator(`[data-month="${month}"] small`).getByText("/").waitFor();
      expect((await ofMonth()).map((it) => [it.version, it.published_at !== null, it.reason])).toEqual([
        [2, false, "late data of one city"],
        [1, true, "year-end review"],
      ]);
      await page.locator('[data-choice="versions"]').click();
      await page.locator(`[data-version="${month}-v2"]`).getByText("late data of one city").waitFor();
      expect(await row.innerText()).toContain(shownAt);
      await it.end();
    },
    REPORT_MAX_MS,
  );
});
