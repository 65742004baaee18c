import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { accessibilityFaults, type Watched, watchPage } from "./browser.ts";
import { ROOT } from "./command.ts";

/** Pictures of docs/pictures are made anew where PICTURES is set; elsewhere every run would change them. */
const PICTURES = process.env.PICTURES ? join(ROOT, "docs/pictures") : mkdtempSync(join(tmpdir(), "v6meter-pictures-"));
const WAIT_MAX_MS = 90_000;
/** A test of a browser asks hundreds of questions, on a machine that may have much else to do. */
export const TEST_MAX_MS = 240_000;

const CONSOLE = join(ROOT, "services/console");
/** What the build is made of, beside the packages. */
const BUILT_OF = ["web", "public", "index.html", "build.ts", "vite.config.ts", "package.json"];

const changedMs = (path: string): number =>
  statSync(path).isDirectory()
    ? Math.max(
        ...readdirSync(path, { recursive: true, encoding: "utf8" }).map((it) => statSync(join(path, it)).mtimeMs),
      )
    : statSync(path).mtimeMs;

/** Builds the console as npm ci builds it, where what stands here is newer than what was built; one build at a time. */
export function buildConsole(): void {
  const built = join(CONSOLE, "dist/index.html");
  const newestMs = Math.max(
    ...BUILT_OF.map((it) => changedMs(join(CONSOLE, it))),
    changedMs(join(ROOT, "schemas")),
    changedMs(join(ROOT, "package-lock.json")),
  );
  if (existsSync(built) && statSync(built).mtimeMs > newestMs) return;
  execFileSync(process.execPath, [join(CONSOLE, "build.ts")], { cwd: ROOT });
}

/** Somebody at a browser of his own, signed in with a key. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly watched: Watched;
  open(address: string): Promise<void>;
  /** Waits until nothing is loading and every chart is drawn. */
  settle(): Promise<void>;
  /** Ends the visit; the page must not have complained of anything but answers of the statuses expected. */
  end(...expected: readonly number[]): Promise<void>;
}

/** Begins a visit of a running console. */
export async function visit(browser: Browser, { http, key }: { http: string; key: string }): Promise<Visit> {
  const context = await browser.newContext({
    locale: "zh-CN",
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MAX_MS);
  const watched = watchPage(page, http);
  const settle = async () => {
    await page.locator("main .room").first().waitFor();
    const waiting = page.locator(".state-loading, .chart[data-drawn=no], main[aria-busy=true]");
    await expect.poll(() => waiting.count(), { timeout: WAIT_MAX_MS }).toBe(0);
  };
  return {
    page,
    context,
    watched,
    settle,
    async open(address) {
      await page.goto(`${http}/console/${address}`);
      await page.locator("#key, main .room").first().waitFor();
      if (await page.locator("#key").isVisible()) {
        await page.locator("#key").fill(key);
        await page.locator("form button").click();
      }
      await settle();
    },
    async end(...expected) {
      await context.close();
      const known = (text: string) => expected.some((status) => text.includes(` ${status} `));
      expect({ ...watched, complaints: watched.complaints.filter((it) => !known(it)) }).toEqual({
        complaints: [],
        foreign: [],
      });
    },
  };
}

/** Holds the page in sight to both languages, both looks, axe-core and a phone's width; makes its picture. */
export async function expectWellMade({ page, settle }: Visit, name: string): Promise<void> {
  for (const theme of ["dark", "light"]) {
    await page.locator(".who select").selectOption(theme);
    await settle();
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe(theme);
    expect(await accessibilityFaults(page), `${name}, ${theme}`).toEqual([]);
  }
  await page.screenshot({ path: join(PICTURES, `console-${name}.png`), fullPage: true });
  const before = await page.locator("main h1").innerText();
  await page.locator('[data-do="language"]').click();
  await settle();
  expect(await page.evaluate("document.documentElement.lang")).toBe("en");
  expect(await accessibilityFaults(page), `${name}, in English`).toEqual([]);
  const texts = `${before} ${await page.locator("main").innerText()}`;
  expect(texts).not.toMatch(/\b(pages|word|state|room|sql|reports|handingIn|admin)\.[a-z]+[A-Z ]/);
  await page.setViewportSize({ width: 390, height: 844 });
  await settle();
  // Charts follow the width by an observer, a frame later.
  await eventually(
    () => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"),
    name,
  ).toBeLessThanOrEqual(0);
  expect(await accessibilityFaults(page), `${name}, on a phone`).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.locator('[data-do="language"]').click();
}

/** Waits for what a page shows to become so. */
export const eventually = <T>(read: () => Promise<T>, message = "") =>
  expect.poll(read, { timeout: WAIT_MAX_MS, ...(message !== "" && { message }) });
