import type { Browser, BrowserContext, Page } from "playwright-core";
import { type Watched, watchPage } from "./browser.ts";
import type { Platform } from "./platform.ts";

const WAIT_MAX_MS = 30_000;
const UNSETTLED = ".state-loading, .chart[data-drawn=no], main[aria-busy=true]";

/** A person at the console, in Chinese and in light until they choose otherwise. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly watched: Watched;
  /** Opens an address of the console signed in, and waits until all questions are answered and all charts drawn. */
  open(address: string): Promise<void>;
  settle(): Promise<void>;
  /** What the API answers to the question of a room. */
  answer<T>(room: string): Promise<T>;
  /** The visible text of a room. */
  text(room: string): Promise<string>;
}

/** Begins a visit in a context of its own; who begins it closes that. */
export async function beginVisit(browser: Browser, platform: Platform): Promise<Visit> {
  const context = await browser.newContext({
    locale: "zh-CN",
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MAX_MS);
  const watched = watchPage(page, platform.http);
  const settle = async () => {
    await page.locator("main .room").first().waitFor();
    await page.locator(UNSETTLED).first().waitFor({ state: "detached" });
  };
  return {
    context,
    page,
    watched,
    settle,
    async open(address) {
      await page.goto(`${platform.http}/console/${address}`);
      await page.locator("#key, main .room").first().waitFor();
      if (await page.locator("#key").isVisible()) {
        await page.locator("#key").fill(platform.key);
        await page.locator("form button").click();
      }
      await settle();
    },
    async answer(room) {
      const asked = await page.locator(`[data-room="${room}"] footer code`).first().textContent();
      return platform.get((asked ?? "").replace(/^GET /, ""));
    },
    text: (room) => page.locator(`[data-room="${room}"]`).innerText(),
  };
}

/** A share as the pages write it. */
export const percentText = (value: number | null): string => (value === null ? "—" : `${(value * 100).toFixed(2)}%`);

/** Rows of a file that a page has given, by the names of its columns. */
export function csvRows(text: string): Record<string, string>[] {
  const [head = "", ...lines] = text.replace("\uFEFF", "").trim().split("\r\n");
  const names = head.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i] as string, cell])));
}
