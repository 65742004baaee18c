import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { api } from "@v6meter/schemas";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import writeXlsxFile from "write-excel-file/node";
import { openBrowser } from "./browser.ts";
import { ROOT } from "./command.ts";
import { buildConsole, expectWellMade, TEST_MAX_MS, visit } from "./console-visit.test-data.ts";
import { type Platform, startPlatform } from "./platform.ts";

const WAIT_MAX_MS = 60_000;
const OBJECTS = `objects:
  - { id: cdn_north, zh: 北方加速, en: Northern CDN, kind: cdn, owner: 省通信管理局, region: "210100" }
`;
/** More than two pages of the list. */
const MANY = 105;
vi.setConfig({ testTimeout: TEST_MAX_MS });
const browser: Browser | null = await openBrowser("the page where figures are handed in, in a browser");

describe.runIf(browser !== null)("the page where figures are handed in", () => {
  let folder: string;
  let platform: Platform;

  beforeAll(async () => {
    buildConsole();
    folder = mkdtempSync(join(tmpdir(), "v6meter-console-data-"));
    mkdirSync(join(folder, "catalogue"));
    writeFileSync(join(folder, "catalogue", "objects.yaml"), OBJECTS);
    platform = await startPlatform(folder, {
      args: ["--registry", join(ROOT, "infra/demo/registry")],
      env: { V6METER_QUERY__CATALOGUE_DIR: "catalogue" },
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = async <T>(path: string, body: object, key = platform.key): Promise<T> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await fetch(`${platform.http}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  };
  const keyOf = async (name: string, role: string, operator?: string) =>
    (await send<api.MadeKey>("/api/v1/keys", { name, role, ...(operator && { operator }) })).key;
  const begin = (key: string) => visit(browser as Browser, { http: platform.http, key });
  const csv = (...lines: string[]) => ({
    name: "stb.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`region,operator,numerator,denominator\n${lines.join("\n")}\n`),
  });

  test("a unit's file goes from the template over its findings, cell by cell, to the regulator and back", async () => {
    const unit = await begin(await keyOf("telecom-desk", "operator", "telecom"));
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

    const office = await begin(await keyOf("office", "regulator"));
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

    const other = await begin(await keyOf("mobile-desk", "operator", "mobile"));
    await other.open("data");
    await other.page.locator(".submissions .state-empty").waitFor();
    await other.page.goto(`${platform.http}/console/data?id=${id}`);
    await other.page.locator(".room .state-error").waitFor();
    await other.end(403);
  });

  test("a workbook of an object's figures is accepted by a second person, and its figures are those of all pages", async () => {
    const [unitKey, officeKey] = [await keyOf("cdn-desk", "operator", "unicom"), await keyOf("office-2", "regulator")];
    const unit = await begin(unitKey);
    await unit.open("data");
    await unit.page.locator(".hand-in select").first().selectOption("cdn_node_share");
    const month = await unit.page.locator(".hand-in select").nth(1).inputValue();
    const id = `${month}.cdn_node_share.unicom`;
    const sheet = writeXlsxFile([
      ["object", "region", "numerator", "denominator"],
      ["cdn_north", "210100", 37, 40],
      ["cdn_north", "210200", 11, 24],
    ]);
    await unit.page.locator("#file").setInputFiles({
      name: "cdn.xlsx",
      mimeType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      buffer: await sheet.toBuffer(),
    });
    await unit.page.locator("[data-do=send]").click();
    await unit.page.locator("[data-do=submit]").click();
    const warnings = unit.page.locator("#confirm-warnings");
    if ((await platform.get<api.Submission>(`/api/v1/submissions/${id}`)).warnings > 0) await warnings.check();
    await unit.page.locator("dialog [data-do=yes]").click();
    await unit.page.locator(".submission .badge-submitted").waitFor();
    await unit.end();

    const office = await begin(officeKey);
    const { page } = office;
    await office.open("objects?id=cdn_north");
    expect(await page.locator('[data-room="known-cdn_node_share"]').count(), "nothing is in force yet").toBe(0);
    const row = page.locator(`[data-room="object-submissions"] [data-submission="${id}"]`);
    const parts = async () =>
      Promise.all(
        ["month", "unit", "state", "by", "errors"].map((name) => row.locator(`[data-part="${name}"]`).innerText()),
      );
    expect(await parts()).toEqual([month, "中国联通", "已提交", "cdn-desk (运营商)", "0"]);
    await row.locator("a").click();
    await page.waitForURL((url) => url.pathname.endsWith("/data") && url.searchParams.get("id") === id);
    await page.locator("[data-do=accept]").click();
    await page.locator("dialog [data-do=yes]").click();
    await page.locator(".submission .badge-accepted").waitFor();

    const question = `/api/v1/indicators/cdn_node_share?month=${month}`;
    const { rows, total } = await platform.get<api.IndicatorFigures>(`${question}&object=cdn_north&by=region`);
    expect(rows.map(({ region, value }) => [region, value])).toEqual([
      ["210100", 37 / 40],
      ["210200", 11 / 24],
    ]);
    expect(total.value).toBe(48 / 64);
    await office.open("objects?id=cdn_north");
    await page.locator('[data-room="known-cdn_node_share"] h2').getByText("75.00%").waitFor();
    expect(await parts()).toEqual([month, "中国联通", "已采纳", "office-2 (监管单位)", "0"]);
    await office.open(`indicators?id=cdn_node_share&by=region&period=${month}`);
    expect(await page.locator('[data-figure="total"]').innerText()).toContain("75.00%");
    await page.locator('[data-room="groups"] .figures summary').click();
    const table = await page.locator('[data-room="groups"] table').innerText();
    for (const text of ["92.50%", "45.83%"]) expect(table).toContain(text);
    await office.end();
  });

  test("the list of submissions goes on page by page, each asked for by the cursor of the one before", async () => {
    const rows = [{ region: "210100", operator: "mobile", value: "1" }];
    const months = Array.from(
      { length: MANY },
      (_, i) => `${2005 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`,
    );
    const one = (month: string) => send(`/api/v1/submissions?series=lte_users&unit=mobile&month=${month}`, { rows });
    const waiting = months.values();
    // A few at once: each is a change of its own.
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (const month of waiting) await one(month);
      }),
    );
    const it = await begin(platform.key);
    const asked: URLSearchParams[] = [];
    it.page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === "/api/v1/submissions") asked.push(searchParams);
    });
    await it.open("data?series=lte_users");
    const list = it.page.locator(".submissions [data-submission]");
    const more = it.page.locator(".submissions [data-do=more]");
    const counts = [await list.count()];
    while ((await more.count()) > 0) {
      await more.click();
      await expect.poll(() => list.count(), { timeout: WAIT_MAX_MS }).toBeGreaterThan(counts.at(-1) as number);
      counts.push(await list.count());
    }
    expect(counts).toEqual([50, 100, MANY]);
    // No page is larger than the first: the list has no end but that of the submissions.
    expect(new Set(asked.map((it) => it.get("limit")))).toEqual(new Set(["50"]));
    expect(new Set(asked.map((it) => it.get("cursor"))).size).toBe(counts.length);
    const ids = await list.evaluateAll((all) => all.map((one) => one.getAttribute("data-submission")));
    expect(ids).toEqual(months.toReversed().map((month) => `${month}.lte_users.mobile`));
    await it.end();
  });
});
