import type { api } from "@v6meter/schemas";
import { afterEach, expect, test } from "vitest";
import { type RunningCommand, runCommandLine } from "./command.ts";

let demo: RunningCommand | undefined;
afterEach(() => {
  demo?.end();
});

test("the demo shows shares and users that are the API's and near the truth, the books, stays up, and drains at Ctrl-C", {
  timeout: 180_000,
}, async () => {
  demo = runCommandLine(
    "npm run demo -- --udp 127.0.0.1:0 --http 127.0.0.1:0 --sql 127.0.0.1:0 --accounting 127.0.0.1:0",
  );
  const startedAt = performance.now();
  await demo.until(/账目相符/, 150_000);
  process.stdout.write(
    `demo: the table stands ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the start\n`,
  );

  const shown = demo.output();
  const http = /^API +(http:\/\/[^/]+)/m.exec(shown)?.[1];
  const key = /^key +(\S+)/m.exec(shown)?.[1];
  expect(shown).toContain(`docs  ${http}/docs`);
  const ask = async <T>(path: string): Promise<T> =>
    (await fetch(`${http}${path}`, { headers: { authorization: `Bearer ${key}` } })).json() as Promise<T>;
  const { rows, total } = await ask<api.TrafficShare>("/api/v1/traffic/share?by=region,operator");

  const percent = (share: number) => `${(share * 100).toFixed(2)}%`;
  const line = (name: string) => shown.split("\n").find((text) => text.includes(name)) ?? "";
  const shenyang = rows.find(({ region, operator }) => region === "210100" && operator === "telecom");
  expect(line("沈阳")).toContain(percent(shenyang?.share ?? Number.NaN));
  const cities = rows.filter(({ region }) => region !== "unknown");
  const sum = (name: "v6_bytes" | "total_bytes") => cities.reduce((all, row) => all + Number(row[name]), 0);
  expect(line("全省")).toContain(percent(sum("v6_bytes") / sum("total_bytes")));
  expect(Number(total.v6_bytes) / Number(total.total_bytes)).toBeCloseTo(total.share ?? -1, 9);

  const users = await ask<api.ActiveUsers>("/api/v1/users/active?by=access");
  for (const access of ["mobile", "fixed", "iot"]) {
    const row = users.rows.find((it) => it.access === access);
    const shownRow = / (\d+) +\d+–\d+ +(\d+) /.exec(line(` ${access} `)) ?? [];
    const [found, real] = shownRow.slice(1).map(Number) as [number, number];
    expect(found, access).toBe(row?.users);
    expect(Math.abs(found - real), `${access}: ${found} for ${real}`).toBeLessThan(real * 0.1);
  }

  for (const stage of ["received", "decoded", "published", "classified", "written"]) expect(shown).toContain(stage);
  expect(shown).toMatch(/采样率未知/);
  expect(shown).toMatch(/时钟偏差/);
  expect(demo.process.exitCode, "it stays up").toBeNull();
  expect(await demo.interrupt()).toBe(0);
  expect(demo.output()).toContain("stopped: everything received is written");
});
