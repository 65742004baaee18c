import { join } from "node:path";
import type { api } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { accessibilityFaults } from "./browser.ts";
import { ROOT } from "./command.ts";
import { eventually, type Visit } from "./console-visit.test-data.ts";
import type { Platform } from "./platform.ts";

const PICTURES = process.env.PICTURES ? join(ROOT, "docs/pictures") : null;
/** Views of the pages, the one that is pictured first. */
const VIEWS = {
  indicators: ["indicators?id=home_router_share&by=region", "indicators"],
  objects: ["objects", "objects?id=video_site"],
  targets: ["targets"],
  evaluation: ["evaluation?rule=city_assessment.1&subject=210300"],
} as const;

/** How the pages of the catalogue look: while they wait or have nothing, in both languages and looks, from a phone to a wall. */
export function testLooks({ platform, person }: { platform: () => Platform; person: () => Visit }): void {
  const text = (room: string) => person().page.locator(`[data-room="${room}"]`).innerText();

  test("while the API is slow, does not answer or has nothing, each page says so", async () => {
    const { page, watched } = person();
    for (const [address] of Object.values(VIEWS)) {
      await person().open(address);
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route(/\/api\/v1\/(?!identity|registry)/, async (route) => {
        await held;
        await route.abort();
      });
      await page.reload();
      await page.locator("main .room .state-loading").first().waitFor();
      release();
      await page.locator("main .room .state-error[role=alert]").first().waitFor();
      expect(await page.locator("main").innerText(), address).toContain("平台没有应答");
      await page.unroute(/\/api\/v1\/(?!identity|registry)/);
      await page.locator("main .room .state-error button").first().click();
      await eventually(() => page.locator("main .room .state-error").count()).toBe(0);
    }
    // The browser itself notes what was cut off.
    expect(watched.complaints.filter((it) => !it.includes("ERR_FAILED"))).toEqual([]);
    watched.complaints.length = 0;
    await page.route(/indicators\/traffic_share/, async (route) => {
      const figures = (await (await route.fetch()).json()) as api.IndicatorFigures;
      await route.fulfill({ json: { ...figures, total: { ...figures.total, completeness: 0.9 } } });
    });
    await person().open("indicators?id=traffic_share");
    expect(await text("groups")).toContain("数据不完整：导出报文的完整度为 90.00%");
    await page.unroute(/indicators\/traffic_share/);
    await person().open("indicators?id=traffic_share&period=2024-01-01T00:00~2024-01-02T00:00");
    expect(await text("groups")).toContain("该时段、该范围内没有数据");
  });

  test("every page speaks both languages in light and in dark, from a phone to a wall, and axe-core finds nothing on it", async () => {
    const { page } = person();
    // Pictures are of charts that stand still.
    await page.emulateMedia({ reducedMotion: "reduce" });
    for (const [name, addresses] of Object.entries(VIEWS))
      for (const [index, address] of addresses.entries()) {
        await page.setViewportSize({ width: 1440, height: 1000 });
        await person().open(address);
        if (PICTURES && index === 0) await page.screenshot({ path: join(PICTURES, `console-${name}.png`) });
        expect(await accessibilityFaults(page), `${address}, light`).toEqual([]);
        const title = await page.locator("main h1").innerText();
        await page.locator('[data-do="language"]').click();
        await page.locator(".who select").selectOption("dark");
        await person().settle();
        expect(await page.evaluate("document.documentElement.lang")).toBe("en");
        expect(await page.locator("main h1").innerText()).not.toBe(title);
        expect(await accessibilityFaults(page), `${address}, dark`).toEqual([]);
        expect(await page.locator("main").innerText()).not.toMatch(
          /\b(pages|word|state|room|unit|class|indicators|objects|targets|evaluation)\.[a-z]/,
        );
        for (const width of [390, 2560]) {
          await page.setViewportSize({ width, height: 1000 });
          // Charts follow the width by an observer, a frame later.
          await eventually(
            () => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"),
            `${address} at ${width}`,
          ).toBeLessThanOrEqual(0);
        }
        await page.locator('[data-do="language"]').click();
        await page.locator(".who select").selectOption("light");
      }
  });

  test("what a first visit loads of JavaScript is less than 350 KB", async () => {
    const scripts: Promise<number>[] = [];
    person().page.on("requestfinished", (request) => {
      if (request.resourceType() === "script") scripts.push(request.sizes().then((it) => it.responseBodySize));
    });
    await person().page.goto(`${platform().http}/console/indicators`);
    await person().page.locator("#key").waitFor();
    const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
    process.stdout.write(`console: a first visit loads ${bytes} bytes of JavaScript\n`);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(350 * 1_024);
  });
}
