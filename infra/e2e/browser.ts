import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { debianPackages } from "@v6meter/debian";
import { type Browser, chromium, type Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The program itself: the script that Debian starts it by asks for a GPU. */
const SYSTEM = ["/usr/lib/chromium/chromium", "/usr/bin/chromium"];

/** A headless Chromium: `CHROMIUM`, the system's, or Debian's with a Chinese font; null where there is none (said, and an error under CI). */
export async function openBrowser(suite: string): Promise<Browser | null> {
  const own = process.env.CHROMIUM ?? SYSTEM.find((path) => existsSync(path));
  const fetched = own === undefined ? debianPackages(["chromium", "fonts-wqy-microhei"], { suite }) : null;
  const executablePath = own ?? fetched?.file("usr/lib/chromium/chromium");
  if (executablePath === undefined) return null;
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    ...(fetched && { env: fetched.env as Record<string, string> }),
  });
}

/** What a page complained of, and whom it asked: errors of the console, failed requests, other hosts. */
export interface Watched {
  readonly complaints: string[];
  readonly foreign: string[];
}

/** Watches a page from its first request on. */
export function watchPage(page: Page, origin: string): Watched {
  const watched: Watched = { complaints: [], foreign: [] };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") watched.complaints.push(message.text());
  });
  page.on("pageerror", (error) => watched.complaints.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) watched.foreign.push(url);
  });
  return watched;
}

/** What axe-core finds against WCAG 2.1 A and AA: rule, and the elements it is about. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Run by the debugger, so the page's policy on scripts stands.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } }).axe.run;
    const { violations } = await run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
      resultTypes: ["violations"],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join("; ")}`);
  });
}

interface AxeResult {
  readonly violations: { readonly id: string; readonly nodes: { readonly target: string[] }[] }[];
}
