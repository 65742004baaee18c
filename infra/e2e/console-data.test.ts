import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { api } from "@v6meter/schemas";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { ROOT } from "./command.ts";
import { buildConsole, expectWellMade, visit } from "./console-visit.test-data.ts";
import { type Platform, standaloneEnvironment, startPlatform } from "./platform.ts";

const PROGRAM = join(ROOT, "services/standalone/bin/v6meter.js");
const browser: Browser | null = await openBrowser("the page where figures are handed in, in a browser");

describe.runIf(browser !== null)("the page where figures are handed in", () => {
  let folder: string;
  let platform: Platform;

  beforeAll(async () => {
    buildConsole();
    folder = mkdtempSync(join(tmpdir(), "v6meter-console-data-"));
    platform = await startPlatform(folder, { args: ["--registry", join(ROOT, "infra/demo/registry")] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const keyOf = (name: string, ...args: string[]) => {
    const all = [PROGRAM, "key", "create", name, ...args, "--data", folder];
    return spawnSync(process.execPath, all, { encoding: "utf8", env: standaloneEnvironment() }).stdout.trim();
  };
  const begin = (key: string) => visit(browser as Browser, { http: platform.http, key });
  const csv = (...lines: string[]) => ({
    name: "stb.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`region,operator,numerator,denominator\n${lines.join("\n")}\n`),
  });

  test("a unit's file goes from the template over its findings, cell by cell, to the regulator and back", async () => {
    const unit = await begin(keyOf("telecom-desk", "--role", "operator", "--operator", "telecom"));
    const { page } = unit;
    await unit.open("data");
    await page.locator(".hand-in select").first().selectOption("stb_share");
    const [template] = await Promise.all([page.waitForEvent("download"), page.locator("[data-template=xlsx]").click()]);
    expect(template.suggestedFilename()).toBe("stb_share.xlsx");
    expect(
      readFileSync(await template.path())
        .subarray(0, 2)
        .toString(),
    ).toBe("PK");

    const month = await page.locator(".hand-in select").nth(1).inputValue();
    const id = `${month}.stb_share.telecom`;
    const address = `/api/v1/submissions/${id}`;
    await page.locator("#file").setInputFiles(csv("210100,telecom,50,40", "999999,telecom,1,2"));
    await page.locator("[data-do=send]").click();
    await page.locator(`[data-submission="${id}"]`).waitFor();
    await page.locator(".submission .sheet").waitFor();
    const found = await platform.get<api.Submission>(address);
    expect(found.errors).toBeGreaterThan(1);
    for (const { row, column, zh } of found.messages.filter((it) => it.row !== null && it.column !== null))
      expect(await page.locator(`tr[data-row="${row}"] [data-column="${column}"]`).innerText()).toContain(zh);
    expect(await page.locator('tr[data-row="3"] .cell-error').count()).toBe(1);
    expect(await page.locator("[data-do=submit]").count(), "with errors nothing is submitted").toBe(0);
    await expectWellMade(unit, "data");

    await page.locator("#file").setInputFiles(csv("210100,telecom,30,40"));
    await page.locator("[data-do=send]").click();
    await page.locator("[data-do=submit]").click();
    await page.locator("#confirm-warnings").check();
    await page.locator("dialog [data-do=yes]").click();
    await page.locator(".submission .badge-submitted").waitFor();

    const office = await begin(keyOf("office", "--role", "regulator"));
    await office.open(`data?id=${id}`);
    expect(await office.page.locator(".hand-in").count(), "the regulator hands nothing in").toBe(0);
    await office.page.locator("[data-do=return]").click();
    await office.page.locator("#reason").fill("大连缺失");
    await office.page.locator("dialog [data-do=yes]").click();
    await office.page.locator(".submission .badge-returned").waitFor();
    expect((await platform.get<api.Submission>(address)).reason).toBe("大连缺失");
    await office.end();

    await page.reload();
    await page.locator(".submission .partial").getByText("大连缺失").waitFor();
    expect(new URL(page.url()).searchParams.get("id")).toBe(id);
    expect(await page.locator(".submission select option").count()).toBe(2);
    await unit.end();

    const other = await begin(keyOf("mobile-desk", "--role", "operator", "--operator", "mobile"));
    await other.open("data");
    await other.page.locator(".submissions .state-empty").waitFor();
    await other.page.goto(`${platform.http}/console/data?id=${id}`);
    await other.page.locator(".room .state-error").waitFor();
    await other.end(403);
  });
});
