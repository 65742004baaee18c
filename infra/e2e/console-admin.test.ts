import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { api } from "@v6meter/schemas";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openBrowser } from "./browser.ts";
import { ROOT } from "./command.ts";
import { buildConsole, expectWellMade, TEST_MAX_MS, visit } from "./console-visit.test-data.ts";
import { type Platform, startPlatform } from "./platform.ts";

const PAGE_ROWS = 50;
vi.setConfig({ testTimeout: TEST_MAX_MS });
const browser: Browser | null = await openBrowser("the page of administration, in a browser");

describe.runIf(browser !== null)("the page of administration", () => {
  let folder: string;
  let registry: string;
  let platform: Platform;

  beforeAll(async () => {
    buildConsole();
    folder = mkdtempSync(join(tmpdir(), "v6meter-console-admin-"));
    registry = join(folder, "registry");
    const catalogue = join(folder, "catalogue");
    cpSync(join(ROOT, "infra/demo/registry"), registry, { recursive: true });
    mkdirSync(catalogue);
    writeFileSync(join(catalogue, "own.yaml"), "indicators:\n  - id: own\n    colour: green\n");
    platform = await startPlatform(folder, {
      args: ["--registry", "registry"],
      env: { V6METER_QUERY__CATALOGUE_DIR: "catalogue" },
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const begin = (key: string) => visit(browser as Browser, { http: platform.http, key });
  const statusOf = async (key: string) =>
    (await fetch(`${platform.http}/api/v1/identity`, { headers: { authorization: `Bearer ${key}` } })).status;
  const keys = async () => (await platform.get<api.Keys>("/api/v1/keys")).keys;
  const make = async (wanted: object): Promise<api.MadeKey> => {
    const headers = { authorization: `Bearer ${platform.key}`, "content-type": "application/json" };
    const sending = { method: "POST", headers, body: JSON.stringify(wanted) };
    return (await (await fetch(`${platform.http}/api/v1/keys`, sending)).json()) as api.MadeKey;
  };
  const audit = (query = "") => platform.get<api.AuditEntries>(`/api/v1/audit?limit=${PAGE_ROWS}${query}`);

  test("a key is made and shown once, opens what its role does, and opens nothing once it is revoked", async () => {
    const it = await begin(platform.key);
    const { page } = it;
    await it.open("admin");
    await page.locator('[data-room="keys"] .state-empty').waitFor();
    await page.locator('[data-do="make"]').click();
    await page.locator("#key-name").fill("telecom-desk");
    await page.locator("dialog select").first().selectOption("operator");
    await page.locator("#key-unit").fill("telecom");
    await page.locator("dialog select").nth(1).selectOption("90");
    await page.locator('[data-do="make-it"]').click();
    const key = await page.locator("#secret").inputValue();
    expect(await statusOf(key)).toBe(200);

    const [made] = await keys();
    expect(made).toMatchObject({ name: "telecom-desk", role: "operator", operator: "telecom", raw: false });
    const days = (Date.parse(made?.expires_at as string) - Date.parse(made?.created_at as string)) / 86_400_000;
    expect(days).toBe(90);
    await page.locator('[data-key="telecom-desk"]').waitFor();
    const cells = await page.locator('[data-key="telecom-desk"] td').allInnerTexts();
    expect(cells.slice(0, 4)).toEqual(["telecom-desk", "运营商", "中国电信", "—"]);
    await page.locator('[data-do="kept"]').click();
    expect(await page.locator("#secret").count()).toBe(0);
    expect(await page.content(), "the page holds it no longer").not.toContain(key);
    expect(await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")).not.toContain(key);

    await page.locator('[data-do="make"]').click();
    await page.locator("#key-name").fill("telecom-desk");
    await page.locator('[data-do="make-it"]').click();
    await page.locator("dialog .wrong").getByText("telecom-desk").waitFor();
    await page.locator('dialog [data-do="no"]').click();

    await page.locator('[data-key="telecom-desk"] [data-do="revoke"]').click();
    await page.locator('dialog [data-do="no"]').click();
    expect(await statusOf(key), "who says no revokes nothing").toBe(200);
    const focused = () => page.evaluate<string>("document.activeElement.dataset.do ?? document.activeElement.tagName");
    expect(await focused(), "the focus is back where it came from").toBe("revoke");
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor();
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press("Tab");
      expect(["yes", "no", "BODY"], "the focus stays in the dialog").toContain(await focused());
    }
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("revoke");
    await page.locator('[data-key="telecom-desk"] [data-do="revoke"]').click();
    await page.locator('dialog [data-do="yes"]').click();
    await page.locator('[data-room="keys"] .state-empty').waitFor();
    expect(await statusOf(key)).toBe(401);
    await it.end(409);
  });

  test("the audit log is what the API tells, by page and by choice, and a link brings the choice back", async () => {
    // Each is two entries.
    for (let rows = 1; rows <= PAGE_ROWS / 2; rows++)
      await platform.sql(
        `SELECT family, service_port, count() AS flows FROM analyst.flows WHERE service_port IN (443, 853, 8443) GROUP BY ALL LIMIT ${rows}`,
      );
    const it = await begin(platform.key);
    const { page } = it;
    const shown = async () =>
      (await page.locator("[data-entry]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-entry")))).map(
        Number,
      );
    const told = ({ entries }: api.AuditEntries) => entries.map(({ seq }) => seq);
    await it.open("admin");
    const first = await audit();
    expect(await shown()).toEqual(told(first));
    await page.locator('[data-do="older"]').click();
    await expect.poll(() => new URL(page.url()).searchParams.get("page")).toBe(first.next);
    await it.settle();
    const second = await audit(`&page=${first.next}`);
    expect(second.entries.length).toBeGreaterThan(0);
    expect(await shown()).toEqual(told(second));

    await page.locator('[data-room="audit"] select').nth(1).selectOption("key.create");
    await expect.poll(() => new URL(page.url()).search).toBe("?action=key.create");
    await it.settle();
    const made = await audit("&action=key.create");
    expect(made.entries.map(({ outcome }) => outcome).toSorted()).toEqual([
      "KEY_CONFLICT",
      "done",
      "started",
      "started",
    ]);
    expect(await shown()).toEqual(told(made));
    await page.reload();
    await it.settle();
    expect(await shown()).toEqual(told(made));
    await page.locator("#actor").fill("nobody");
    await page.locator("#actor").press("Enter");
    await page.locator('[data-room="audit"] .state-empty').waitFor();
    await it.end();
  });

  test("what is wrong with files of registry and catalogue is told by file and line, in both languages and looks", async () => {
    await platform.get("/api/v1/indicators");
    const it = await begin(platform.key);
    const { page } = it;
    await it.open("admin");
    await page.locator('[data-figure="in-force"]').waitFor();
    writeFileSync(join(registry, "operators.yaml"), "operators:\n  - id: mobile\n    zh: 移动\n    colour: green\n");
    const state = () => platform.get<api.RegistryState>("/api/v1/registry/state");
    await expect.poll(async () => (await state()).refused, { timeout: 60_000 }).not.toBeNull();
    await page.reload();
    await it.settle();
    const rowsOf = async (name: string) =>
      (await page.locator(`[data-problems="${name}"] tbody tr`).allInnerTexts()).map((line) => line.split("\t"));
    const { refused } = await state();
    expect(refused?.problems.length).toBeGreaterThan(0);
    expect(await rowsOf("registry")).toEqual(
      refused?.problems.map(({ file, line, problem }) => [file, String(line), problem]),
    );
    const catalogue = (await platform.get<api.Indicators>("/api/v1/indicators")).refused;
    expect(catalogue.length).toBeGreaterThan(0);
    expect(await rowsOf("catalogue")).toEqual(
      catalogue.map(({ file, line, reason }) => [file, line === 0 ? "整个文件" : String(line), reason]),
    );

    await make({ name: "li", role: "analyst", days: 90 });
    await make({ name: "office", role: "regulator" });
    await make({ name: "telecom", role: "operator", operator: "telecom", days: null });
    await page.reload();
    await page.locator('[data-key="office"]').waitFor();
    await expectWellMade(it, "admin");
    await it.end();
  });

  test("who is no administrator has no such page", async () => {
    const { key } = await make({ name: "reader", role: "regulator" });
    const it = await begin(key);
    await it.open("exporters");
    expect(await it.page.locator('nav a[href$="/exporters"]').count()).toBe(1);
    expect(await it.page.locator('nav a[href$="/admin"]').count()).toBe(0);
    await it.end();
  });
});
