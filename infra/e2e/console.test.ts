import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type api, BOOK_UNITS } from "@v6meter/schemas";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { accessibilityFaults, openBrowser, type Watched, watchPage } from "./browser.ts";
import { ROOT } from "./command.ts";
import { startProvince } from "./console-province.ts";
import { testRoles } from "./console-roles.test-data.ts";
import { testUse } from "./console-use.test-data.ts";
import { buildConsole, TEST_MAX_MS } from "./console-visit.test-data.ts";
import type { Platform } from "./platform.ts";

/** The README's pictures are made anew where PICTURES is set; elsewhere every run would change them. */
const PICTURES = process.env.PICTURES ? join(ROOT, "docs/pictures") : mkdtempSync(join(tmpdir(), "v6meter-pictures-"));
const WAIT_MAX_MS = 30_000;
const PAGES = ["overview", "traffic", "users", "exporters"] as const;

/** Waits until no room of the page is loading and every chart is drawn. */
const drawn = (page: Page) =>
  expect
    .poll(() => page.locator(".state-loading, .chart[data-drawn=no], main[aria-busy=true]").count(), {
      timeout: WAIT_MAX_MS,
    })
    .toBe(0);

vi.setConfig({ testTimeout: TEST_MAX_MS });
const browser: Browser | null = await openBrowser("the console in a browser");

describe.runIf(browser !== null)("the console", () => {
  let platform: Platform;
  let end: () => Promise<void>;
  let context: BrowserContext;
  let page: Page;
  let watched: Watched;

  beforeAll(async () => {
    buildConsole();
    ({ platform, end } = await startProvince());
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await end?.();
    if (!process.env.PICTURES) rmSync(PICTURES, { recursive: true, force: true });
  });

  beforeEach(async () => {
    context = await (browser as Browser).newContext({
      locale: "zh-CN",
      viewport: { width: 1440, height: 900 },
      colorScheme: "light",
      acceptDownloads: true,
    });
    page = await context.newPage();
    page.setDefaultTimeout(WAIT_MAX_MS);
    watched = watchPage(page, platform.http);
  });
  afterEach(async () => {
    await context.close();
    expect(watched).toEqual({ complaints: [], foreign: [] });
  });

  const signIn = async (key = platform.key) => {
    await page.locator("#key").fill(key);
    await page.locator("form button").click();
  };
  /** Opens an address signed in, and waits until all questions are answered and all charts drawn. */
  const open = async (address: string, key?: string) => {
    await page.goto(`${platform.http}/console/${address}`);
    if (
      await page
        .locator("#key")
        .isVisible()
        .catch(() => false)
    )
      await signIn(key);
    await settle();
  };
  const settle = async () => {
    await page.locator("main .room").first().waitFor();
    await drawn(page);
  };
  const periodOf = async (room: string) => {
    const text = await page.locator(`[data-room="${room}"] footer code`).first().textContent();
    return (text ?? "").replace(/^GET /, "");
  };
  const percent = (value: number | null) => (value === null ? "—" : `${(value * 100).toFixed(2)}%`);

  test("a wrong key is told, the right one opens the overview, and sign-out forgets it", async () => {
    await page.goto(`${platform.http}/`);
    await signIn("not-a-key");
    await page.getByText("该密钥不存在、已过期或没有角色。").waitFor();
    // The browser itself notes the answer 401.
    expect(watched.complaints.filter((it) => !it.includes("401"))).toEqual([]);
    watched.complaints.length = 0;
    await signIn();
    await settle();
    expect(new URL(page.url()).pathname).toBe("/console/overview");
    expect(page.url()).not.toContain(platform.key);
    expect((await context.cookies()).length).toBe(0);
    await page.locator('[data-do="sign-out"]').click();
    await page.locator("#key").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  test("the map and the headline figures are the API's, and a tile leads into its city", async () => {
    await open("overview");
    const answer = await platform.get<api.IndicatorFigures>(await periodOf("map"));
    expect(answer.rows.length).toBeGreaterThanOrEqual(14);
    for (const { region, value } of answer.rows) {
      const tile = page.locator(`.tile[data-region="${region}"]`);
      expect(await tile.textContent(), region).toContain(percent(value));
    }
    const registry = await platform.get<api.Registry>("/api/v1/registry");
    const laid = registry.regions.filter(({ tile }) => tile !== undefined);
    expect(await page.locator(".tile[data-region]").count()).toBeGreaterThanOrEqual(laid.length);
    const [from, to] = [new URL(await periodOf("map"), platform.http).searchParams].flatMap((it) => [
      it.get("from"),
      it.get("to"),
    ]);
    const share = await platform.get<api.TrafficShare>(`/api/v1/traffic/share?from=${from}&to=${to}`);
    expect(await page.locator('[data-figure="share"]').textContent()).toContain(percent(share.total.share));
    expect(await page.locator('[data-figure="native"]').textContent()).toContain(percent(share.total.native_share));
    expect(share.total.share).toBeGreaterThan(0);

    const startedAt = performance.now();
    await page.reload();
    await page.locator('.tile[data-region="210100"]').waitFor();
    process.stdout.write(
      `console: the map can be used ${Math.round(performance.now() - startedAt)} ms after a reload\n`,
    );
    await page.locator('.tile[data-region="210100"]').focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/traffic\?.*region=210100/);
    await settle();
    const city = await platform.get<api.TrafficShare>(await periodOf("groups"));
    expect(city.rows.length).toBeGreaterThan(1);
    expect(await page.locator('main [data-figure="share"]').textContent()).toContain(percent(city.total.share));
  });

  /** The figures of the groups on the page are those of the API; answers its dimensions. */
  const groupsAreTheApis = async () => {
    const answer = await platform.get<api.TrafficShare>(await periodOf("groups"));
    expect(answer.rows.length).toBeGreaterThan(0);
    expect(await page.locator('main [data-figure="share"]').textContent()).toContain(percent(answer.total.share));
    const [by = ""] = answer.by;
    for (const row of answer.rows.slice(0, 30)) {
      const word = row[by as "region"];
      expect(await page.locator(`[data-group="${word}"]`).textContent(), word).toContain(percent(row.share));
    }
    return answer.by;
  };

  test("traffic goes down from province to city to operator to exporter and back, and a link brings back this view", async () => {
    await open("traffic?by=region&shape=share&compare=before");
    expect(await groupsAreTheApis()).toEqual(["region"]);
    await page.locator('[data-group="210200"]').click();
    await page.waitForURL(/region=210200/);
    await settle();
    expect(await groupsAreTheApis()).toEqual(["operator"]);
    await page.locator('[data-group="telecom"]').click();
    await page.waitForURL(/operator=telecom/);
    await settle();
    expect(await groupsAreTheApis()).toEqual(["exporter"]);
    const seen = await page.locator("main").innerText();
    const link = page.url();
    const other = await context.newPage();
    await other.goto(link);
    await other.locator("#key").fill(platform.key);
    await other.locator("form button").click();
    await other.locator('[data-room="groups"] .chart[data-drawn="yes"]').waitFor();
    await drawn(other);
    expect(await other.locator("main").innerText()).toBe(seen);
    await other.close();
    await page.locator('[data-crumb="region"]').click();
    await page.waitForURL((url) => !url.search.includes("operator=telecom"));
    await settle();
    expect(await groupsAreTheApis()).toEqual(["operator"]);
    await page.goBack();
    await page.waitForURL(/operator=telecom/);
    await page.locator('[data-crumb="province"]').click();
    await page.waitForURL((url) => !url.search.includes("region="));
    await settle();
    expect(await groupsAreTheApis()).toEqual(["region"]);
  });

  test("any two periods are compared, chosen without a mouse, and stand in the address", async () => {
    await open("traffic?by=operator");
    const chooseOwn = async (name: string, hoursAgo: number) => {
      await page.locator(`[data-period="${name}"] select`).focus();
      await page.keyboard.press("End");
      const local = (hours: number) => new Date(Date.now() + (8 - hours) * 3_600_000).toISOString().slice(0, 14);
      await page.locator(`[data-end="${name}-from"]`).fill(`${local(hoursAgo)}00`);
      await page.locator(`[data-end="${name}-to"]`).fill(`${local(hoursAgo - 1)}30`);
    };
    await chooseOwn("period", 2);
    await chooseOwn("compare", 30);
    await page.waitForURL(/compare=.*~.*/);
    await settle();
    const asked = new URL(await periodOf("groups"), platform.http).searchParams;
    expect(Date.parse(asked.get("to") ?? "") - Date.parse(asked.get("from") ?? "")).toBe(90 * 60_000);
    const [from, to] = (new URL(page.url()).searchParams.get("compare") ?? "")
      .split("~")
      .map((text) => encodeURIComponent(`${text}:00+08:00`));
    const past = await platform.get<api.TrafficShare>(`/api/v1/traffic/share?from=${from}&to=${to}`);
    await expect
      .poll(() => page.locator('[data-figure="compared"]').innerText(), { timeout: WAIT_MAX_MS })
      .toContain(percent(past.total.share));
    await page.locator('[data-end="compare-to"]').fill("2020-01-01T00:00");
    await page.locator('[data-period="compare"] [role="alert"]').waitFor();
    expect(page.url()).not.toContain("2020-01-01");
  });

  test("a step fits each period, from five minutes to years", async () => {
    await open("traffic?by=operator");
    // All of them are held in view/period.test.ts; here from end to end.
    for (const [word, step] of Object.entries({ "5m": "5m", "7d": "1h", "1825d": "1mo" })) {
      await page.locator('[data-period="period"] select').selectOption(word);
      await page.waitForURL((url) => (url.searchParams.get("period") ?? "24h") === word);
      await settle();
      const question = await periodOf("series");
      expect(new URL(question, platform.http).searchParams.get("interval"), word).toBe(step);
      const { rows, total } = await platform.get<api.TrafficShare>(question);
      const sum = rows.reduce((bytes, row) => bytes + BigInt(row.total_bytes), 0n);
      expect(sum, word).toBe(BigInt(total.total_bytes));
      expect(rows.length, word).toBeLessThanOrEqual(400);
      // Native IPv6, transition and IPv4 of each step.
      if (rows.length > 0)
        expect(await page.locator('[data-room="series"] .chart').getAttribute("data-points"), word).toBe(
          String(3 * rows.length),
        );
    }
  });

  test("who carries IPv6 to whom is the API's, and each pair is in the table", async () => {
    await open("traffic");
    const { rows } = await platform.get<api.TrafficPeers>(await periodOf("peers"));
    expect(rows.length).toBeGreaterThan(1);
    await page.locator('[data-room="peers"] .figures summary').click();
    expect(await page.locator('[data-room="peers"] tbody tr').count()).toBe(rows.length);
    const table = await page.locator('[data-room="peers"] tbody').innerText();
    for (const { share } of rows) expect(table).toContain(percent(share));
    const pairs = new Set(
      rows.filter(({ v6_bytes }) => v6_bytes !== "0").map(({ operator, peer }) => `${operator} ${peer}`),
    );
    expect(Number(await page.locator('[data-room="peers"] .chart').getAttribute("data-points"))).toBeGreaterThan(0);
    expect(pairs.size).toBeGreaterThan(1);
  });

  test("CSV holds the answer's figures unrounded, PNG is a picture", async () => {
    await open("traffic?by=operator");
    const answer = await platform.get<api.TrafficShare>(await periodOf("groups"));
    const [csv] = await Promise.all([
      page.waitForEvent("download"),
      page.locator('[data-room="groups"] [data-do="csv"]').click(),
    ]);
    const [head = "", ...lines] = readFileSync(await csv.path(), "utf8")
      .trim()
      .split("\r\n");
    const names = head.replace("\uFEFF", "").split(",");
    const rows = lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i], cell])));
    expect(rows.length).toBe(answer.rows.length);
    for (const row of answer.rows) {
      const found = rows.find((it) => it.operator === row.operator);
      expect(found?.v6_native_bytes).toBe(row.v6_native_bytes);
      expect(found?.total_bytes).toBe(row.total_bytes);
    }
    const [png] = await Promise.all([
      page.waitForEvent("download"),
      page.locator('[data-room="groups"] [data-do="png"]').click(),
    ]);
    const picture = readFileSync(await png.path());
    expect(picture.subarray(1, 4).toString()).toBe("PNG");
    expect(picture.length).toBeGreaterThan(5_000);
  });

  test("a chart tells its SQL, which gives the figures on the page when it is run", async () => {
    await open("traffic?by=operator");
    const answer = await platform.get<api.TrafficShare>(await periodOf("groups"));
    await page.locator('[data-room="groups"] [data-do="sql"] summary').click();
    const text = await page.locator('[data-room="groups"] [data-do="sql"] pre').innerText();
    expect(text).toContain(`-- GET ${await periodOf("groups")}`);
    const link = await page.locator('[data-room="groups"] [data-do="sql"] a').getAttribute("href");
    expect(new URL(link ?? "", platform.http).pathname).toBe("/console/sql");
    expect(new URL(link ?? "", platform.http).searchParams.get("q")).toMatch(/^WITH\b/);
    const ran = await platform.sql(`SELECT is_total, operator, v6_bytes, total_bytes FROM (\n${text}\n)`);
    const figures = (operator: string | undefined, { v6_bytes, total_bytes }: api.TrafficShare["total"]) => [
      operator === undefined ? 1 : 0,
      operator ?? "",
      v6_bytes,
      total_bytes,
    ];
    expect(ran).toEqual([figures(undefined, answer.total), ...answer.rows.map((row) => figures(row.operator, row))]);
  });

  test("users carry their method and interval, as the API tells them", async () => {
    await open("users?by=access");
    for (const name of ["active", "assigned"] as const) {
      const answer = await platform.get<api.ActiveUsers>(await periodOf(name));
      await page.locator(`[data-room="${name}"] .figures summary`).click();
      const table = page.locator(`[data-room="${name}"] table`);
      const text = (await table.innerText()).replaceAll(",", "");
      expect(answer.rows.length).toBeGreaterThan(1);
      for (const { users, low, high, suppressed } of answer.rows)
        for (const figure of suppressed ? [] : [users, low, high])
          if (figure !== null) expect(text).toContain(String(figure));
    }
  });

  test("the books on the page are the API's, and every fault of an exporter has its sentence", async () => {
    await open("exporters");
    const ledger = await platform.get<api.Ledger>("/api/v1/ledger");
    for (const [stage, books] of Object.entries(ledger.total.stages)) {
      const unit = page.locator(`[data-stage="${stage}"] small`);
      expect(await unit.innerText(), stage).toBe(BOOK_UNITS[books.unit].zh);
      for (const outcome of ["received", "forwarded", "held", "dropped"] as const) {
        const shown = page.locator(`[data-stage="${stage}"] [data-outcome="${outcome}"]`);
        expect((await shown.textContent())?.replaceAll(",", ""), `${stage} ${outcome}`).toBe(books[outcome]);
      }
    }
    const { exporters } = await platform.get<api.Exporters>("/api/v1/exporters");
    const exporting = exporters.filter(({ streams }) => streams.length > 0);
    expect(await page.locator("tr[data-exporter]").count()).toBe(exporting.length);
    const faulty = exporting.filter((it) => it.clock_off || !it.sampling_known || Number(it.books.sequence.lost) > 0);
    expect(faulty.length).toBeGreaterThan(0);
    const advice = await page.locator('[data-room="advice"]').innerText();
    for (const it of faulty) expect(advice).toContain(it.exporter);
  });

  test("every page speaks both languages, in light and in dark, and axe-core finds nothing on it", async () => {
    await open("overview");
    for (const name of PAGES) {
      await page.locator(`nav a[href$="/${name}"]`).click();
      await page.waitForURL(new RegExp(`/${name}`));
      for (const theme of ["light", "dark"]) {
        await page.locator(".who select").selectOption(theme);
        await settle();
        expect(await page.evaluate("document.documentElement.dataset.theme")).toBe(theme);
        expect(await accessibilityFaults(page), `${name}, ${theme}`).toEqual([]);
        await page.screenshot({ path: join(PICTURES, `console-${name}-${theme}.png`), fullPage: true });
      }
      const before = await page.locator("main h1").innerText();
      await page.locator('[data-do="language"]').click();
      expect(await page.evaluate("document.documentElement.lang")).toBe("en");
      expect(await page.locator("main h1").innerText()).not.toBe(before);
      expect(await accessibilityFaults(page), `${name}, in English`).toEqual([]);
      expect(await page.locator("main").innerText()).not.toMatch(/\b(pages|word|state|room)\.[a-z]/);
      await page.locator('[data-do="language"]').click();
    }
  });

  test("a phone's screen is not left to the side", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open("overview");
    for (const name of PAGES) {
      await page.locator(`nav a[href$="/${name}"]`).click();
      await page.waitForURL(new RegExp(`/${name}`));
      await settle();
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect(wide, name).toBeLessThanOrEqual(0);
    }
  });

  const setting = {
    platform: () => platform,
    page: () => page,
    context: () => context,
    watched: () => watched,
    signIn,
    open,
    settle,
    questionOf: periodOf,
  };
  testUse(setting);
  testRoles(setting);
});
