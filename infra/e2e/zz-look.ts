// node infra/e2e/zz-look.ts "path|width|theme|lang" ...
import { readFileSync, existsSync } from "node:fs";
import { chromium } from "playwright-core";
const { http, key } = JSON.parse(readFileSync("/tmp/h-conC/platform.json", "utf8"));
const KEY = process.env.KEY ?? key;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
for (const [index, one] of process.argv.slice(2).entries()) {
  const [path = "", width = "1440", theme = "light", lang = "zh"] = one.split("|");
  const context = await browser.newContext({ locale: lang === "zh" ? "zh-CN" : "en-GB", viewport: { width: Number(width), height: Number(width) < 500 ? 844 : 1000 }, colorScheme: theme as "light" });
  const page = await context.newPage();
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log("COMPLAINT", path, m.text()));
  page.on("pageerror", (e) => console.log("PAGEERROR", path, String(e)));
  await page.route("**/console/**", (route) => {
    const p = new URL(route.request().url()).pathname.replace("/console/", "");
    const file = `/tmp/w-conC/services/console/dist/${p}`;
    return route.fulfill({ path: /\./.test(p) && existsSync(file) ? file : "/tmp/w-conC/services/console/dist/index.html" });
  });
  await page.goto(`${http}/console/${path}`);
  await page.locator("#key").fill(KEY);
  await page.locator("form button").click();
  await page.locator("main .room, main .state").first().waitFor();
  for (let i = 0; i < 100; i++) {
    await page.waitForTimeout(200);
    if ((await page.locator(".state-loading, .chart[data-drawn=no], main[aria-busy=true]").count()) === 0) break;
  }
  await page.waitForTimeout(500);
  if (process.env.CLICK) for (const c of process.env.CLICK.split(";")) { await page.locator(c).first().click(); await page.waitForTimeout(1200); }
  await page.screenshot({ path: `/tmp/h-conC/shot-${index}.png`, fullPage: true });
  await context.close();
}
await browser.close();
