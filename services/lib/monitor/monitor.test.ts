import { createLogger } from "@v6meter/runtime";
import { formatHostPort } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMonitor, type Monitor } from "./monitor.ts";

let trouble: string | null = null;
let monitor: Monitor;
beforeEach(async () => {
  trouble = null;
  monitor = createMonitor({
    at: "127.0.0.1:0",
    setting: "collector.monitor",
    key: "secret",
    figures: () => [
      { name: "v6meter_datagrams_total", help: "Datagrams.", kind: "counter", values: [{ value: 7 }] },
      {
        name: "v6meter_lag_messages",
        help: "Lag.",
        kind: "gauge",
        values: [
          { labels: { partition: "0" }, value: 1 },
          { labels: { partition: "1" }, value: 2 },
        ],
      },
    ],
    trouble: () => trouble,
    logger: createLogger("silent", "test"),
  });
  await monitor.start();
});
afterEach(() => monitor.stop());

const get = (path: string, key?: string) =>
  fetch(`http://${formatHostPort(monitor.address)}${path}`, key ? { headers: { authorization: `Bearer ${key}` } } : {});

test("/metrics tells the figures with their help, and asks for the key", async () => {
  expect((await get("/metrics")).status).toBe(401);
  expect((await get("/metrics", "wrong")).status).toBe(401);
  const body = await (await get("/metrics", "secret")).text();
  expect(body).toContain("# HELP v6meter_datagrams_total Datagrams.\n# TYPE v6meter_datagrams_total counter");
  expect(body).toContain("v6meter_datagrams_total 7\n");
  expect(body).toContain('v6meter_lag_messages{partition="1"} 2\n');
  expect(body).toMatch(/^process_cpu_seconds_total \d/m);
});

test("health pages are open: alive in trouble too, ready only without", async () => {
  expect([(await get("/healthz")).status, (await get("/readyz")).status]).toEqual([200, 200]);
  trouble = "the store at 10.0.0.1 does not answer";
  const ready = await get("/readyz");
  expect([(await get("/healthz")).status, ready.status]).toEqual([200, 503]);
  expect(await ready.text(), "strangers learn nothing of the inside").not.toContain("10.0.0.1");
  const wrong = await get("/readyz", "wrong");
  expect([wrong.status, await wrong.json()]).toEqual([503, { status: "trouble" }]);
  const known = await get("/readyz", "secret");
  expect([known.status, await known.json()]).toEqual([503, { status: "trouble", reason: trouble }]);
});

test("an address that is taken is one sentence with the setting's name", async () => {
  const other = createMonitor({
    at: formatHostPort(monitor.address),
    setting: "collector.monitor",
    key: "secret",
    figures: () => [],
    trouble: () => null,
    logger: createLogger("silent", "test"),
  });
  await expect(other.start()).rejects.toMatchObject({
    code: "ADDRESS_IN_USE",
    message: expect.stringMatching(/^collector\.monitor: 127\.0\.0\.1:\d+ cannot be listened on \(EADDRINUSE\)\.$/),
  });
  await other.stop();
});
