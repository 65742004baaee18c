import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { api, ReportDocument } from "@v6meter/schemas";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { ROOT } from "./command.ts";
import { buildConsole, expectWellMade, visit } from "./console-visit.test-data.ts";
import { type Platform, startPlatform } from "./platform.ts";

/** A live report is some hundred questions, on a machine that may have much else to do. */
const REPORT_MAX_MS = 240_000;

const browser: Browser | null = await openBrowser("the page of reports in a browser");

describe.runIf(browser !== null)("the page of reports", () => {
  let folder: string;
  let platform: Platform;

  beforeAll(async () => {
    buildConsole();
    folder = mkdtempSync(join(tmpdir(), "v6meter-console-reports-"));
    platform = await startPlatform(folder, { args: ["--registry", join(ROOT, "infra/demo/registry")] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

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
      expect(report.headlines.length).toBeGreaterThan(2);
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
});
