import type { api } from "@v6meter/schemas";
import { expect, test } from "vitest";
import type { ConsoleSetting } from "./console-setting.test-data.ts";
import { FlowSender } from "./flow-sender.ts";

const WAIT_MAX_MS = 30_000;
const POINTS = 100_000;
const STEP_MS = 300_000;
/** The place of the point that no other is like. */
const SPIKE = 61_803;

interface Focused {
  readonly what: string;
  readonly outlined: boolean;
}

/** How the console is used: without a mouse, live, and with very many points. */
export function testUse({ platform, page, open, settle, questionOf }: ConsoleSetting): void {
  const focused = () =>
    page().evaluate<Focused>(`(() => {
      const it = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(it);
      const what = it.dataset.region ? "tile " + it.dataset.region
        : it.dataset.do ? "do " + it.dataset.do
        : it.className === "skip" ? "skip" : it.tagName.toLowerCase();
      return { what, outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
    })()`);

  test("all of the overview is reached without a mouse, and where the focus is can be seen", async () => {
    await open("overview");
    await page().reload();
    await settle();
    await page().keyboard.press("Tab");
    expect(await focused()).toEqual({ what: "skip", outlined: true });
    const box = await page().locator(".skip").boundingBox();
    expect(box?.width).toBeGreaterThan(20);
    await page().keyboard.press("Enter");
    await expect.poll(() => page().evaluate("document.activeElement.id"), { timeout: WAIT_MAX_MS }).toBe("page");
    const walked: Focused[] = [];
    while (!walked.some(({ what }) => what === "body") && walked.length < 100) {
      await page().keyboard.press("Tab");
      walked.push(await focused());
    }
    const reached = walked.filter(({ what }) => what !== "body");
    expect(reached.filter(({ outlined }) => !outlined)).toEqual([]);
    const tiles = await page().locator(".tile[data-region]").count();
    expect(reached.filter(({ what }) => what.startsWith("tile ")).length).toBe(tiles);
    for (const what of ["do csv", "do png", "do link", "summary", "select"])
      expect(reached.map((it) => it.what)).toContain(what);
    // What is drawn is there as a table too.
    await page().locator('[data-room="live"] .figures summary').focus();
    await page().keyboard.press("Enter");
    await page().locator('[data-room="live"] table').waitFor({ state: "visible" });
  });

  test("the live chart moves when flows come in, without anything being clicked", async () => {
    await open("overview");
    const isLive = (url: string) => url.includes("/traffic/share") && url.includes("interval=5m");
    const recordsOf = async () => {
      const answer = await platform().get<api.TrafficShare>(await questionOf("live"));
      return Number(answer.total.records);
    };
    const canvas = page().locator('[data-room="live"] canvas').first();
    const picture = () => canvas.evaluate((it) => (it as unknown as { toDataURL(): string }).toDataURL());
    const [before, records] = [await picture(), await recordsOf()];
    await page().evaluate("window.notReloaded = true");
    const sender = await FlowSender.open("127.86.31.77", platform().udp);
    for (let sent = 0; sent < 20; sent++) await sender.send();
    sender.close();
    const moved = await page().waitForResponse(
      async (response) => {
        if (!isLive(response.url()) || !response.ok()) return false;
        const answer = (await response.json()) as api.TrafficShare;
        return answer.interval === "5m" && Number(answer.total.records) >= records + sender.records;
      },
      { timeout: WAIT_MAX_MS },
    );
    const { rows } = (await moved.json()) as api.TrafficShare;
    await expect.poll(picture, { timeout: WAIT_MAX_MS }).not.toBe(before);
    await expect
      .poll(() => page().locator('[data-room="live"] tbody tr').count(), { timeout: WAIT_MAX_MS })
      .toBe(rows.length);
    expect(await page().evaluate("window.notReloaded")).toBe(true);
  });

  test("a chart of 100,000 points has them all and answers while it is zoomed and moved", async () => {
    const toMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
    const atOf = (index: number) => new Date(toMs - (POINTS - index) * STEP_MS).toISOString();
    const row = (index: number) => {
      const bytes = index === SPIKE ? 90e12 : 1e9 * (2 + Math.sin(index / 300) + ((index * 7_919) % 997) / 997);
      const text = String(Math.round(bytes));
      const none = { v6_transition_bytes: "0", excluded_bytes: "0", unknown_sampling_bytes: "0", v4_bytes: "0" };
      return {
        ...none,
        v6_bytes: text,
        v6_native_bytes: text,
        total_bytes: text,
        share: 1,
        native_share: 1,
        records: "1",
        completeness: 1,
      };
    };
    const period = { from: atOf(0), to: new Date(toMs).toISOString(), zone: "Asia/Shanghai" };
    const rows = Array.from({ length: POINTS }, (_, index) => ({ at: atOf(index), ...row(index) }));
    const answer = { period, interval: "5m", by: [], counting: "once", rows, total: row(0) };
    const body = JSON.stringify(answer);
    await page().route(/traffic\/share.*interval=5m/, (route) =>
      route.fulfill({ contentType: "application/json", body }),
    );
    await open(`traffic?by=&shape=volume&interval=5m&period=${encodeURIComponent(`${period.from}~${period.to}`)}`);
    const chart = page().locator('[data-room="series"] .chart');
    expect(await chart.getAttribute("data-points")).toBe(String(POINTS));
    const box = await chart.boundingBox();
    if (!box) throw new Error("the chart has no place on the page");
    const y = box.y + box.height / 2;
    const pointAt = async (x: number) => {
      await page().mouse.move(x, y);
      const [at = "", , text = ""] = (await chart.locator(".tip").innerText()).split(/(\n)/);
      return { atMs: Date.parse(`${at.replace(" ", "T")}+08:00`), text };
    };
    const spikeMs = Date.parse(atOf(SPIKE));
    /** Where a time stands on the screen, by two points that are told there. */
    const scale = async () => {
      const [left, right] = [box.x + box.width / 3, box.x + (2 * box.width) / 3];
      const [a, b] = [await pointAt(left), await pointAt(right)];
      const perPixelMs = (b.atMs - a.atMs) / (right - left);
      return { perPixelMs, xOf: (atMs: number) => left + (atMs - a.atMs) / perPixelMs };
    };
    await page().evaluate(`(() => {
      window.frames_ms = [];
      let last = performance.now();
      const tick = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(tick); };
      requestAnimationFrame(tick);
    })()`);
    let view = await scale();
    let turns = 0;
    for (; turns < 90 && view.perPixelMs > STEP_MS / 4; turns++) {
      await page().mouse.move(view.xOf(spikeMs), y);
      await page().mouse.wheel(0, -240);
      if (turns % 5 === 4) view = await scale();
    }
    const middle = box.x + box.width / 2;
    await page().mouse.move(middle, y);
    await page().mouse.down();
    for (let moved = 1; moved <= 40; moved++) await page().mouse.move(middle + 20 - Math.abs(moved - 20), y);
    await page().mouse.up();
    const frames = await page().evaluate<number[]>("window.frames_ms");
    const sorted = frames.toSorted((a, b) => a - b);
    const part = (of: number) => (sorted[Math.floor(of * (sorted.length - 1))] as number).toFixed(1);
    process.stdout.write(
      `console: 100,000 points, zoomed ${turns} times and moved 40: ${frames.length} frames, median ${part(0.5)} ms, p95 ${part(0.95)} ms, longest ${part(1)} ms\n`,
    );
    // Each point is there, five minutes from the next, and the greatest is where it belongs.
    view = await scale();
    expect(view.perPixelMs).toBeLessThan(STEP_MS / 2);
    const near = new Map<number, string>();
    const [first, last] = [view.xOf(spikeMs - 4 * STEP_MS), view.xOf(spikeMs + 4 * STEP_MS)];
    for (let x = first; x <= last; x += STEP_MS / view.perPixelMs / 3) {
      const { atMs, text } = await pointAt(x);
      near.set(atMs, text);
    }
    expect(near.get(spikeMs)).toContain("2.40 Tbit/s");
    const times = [...near.keys()].sort((a, b) => a - b);
    expect(times.length).toBeGreaterThan(4);
    for (const [index, atMs] of times.slice(1).entries()) expect(atMs - (times[index] as number)).toBe(STEP_MS);
    await page().locator('[data-room="series"] .figures summary').click();
    expect(await page().locator('[data-room="series"] .figures').innerText()).toContain("100000");
  });
}
