import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { api } from "@v6meter/schemas";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { playPopulation, testPopulation } from "../population/test-population.ts";
import { type DemoFindings, demoReport } from "./report.ts";

const [WITHHELD, SILENT, OFF] = ["ln-unicom-man-north", "ln-backbone-1", "ln-mobile-pgw-north"] as const;
const scenario = testPopulation(({ routers }) => {
  for (const router of routers) if (router.name === WITHHELD) router.withheld_share = 0.1;
});
const { truth } = playPopulation(scenario, { subscribers: 3_000, days: 1 });
const month = truth.users.filter(({ period }) => period === "month");

/** What a platform without fault answers: the truth, in the API's words. */
function perfectShare(): api.TrafficShare {
  const rows = month.map(({ region, operator, bytes }) => {
    const [native, transition, v4] = [bytes.v6_native, bytes.v6_transition, bytes.v4].map((it) =>
      BigInt(Math.round(it)),
    ) as [bigint, bigint, bigint];
    return {
      region,
      operator,
      v6_bytes: String(BigInt(Math.round(bytes.v6_native + bytes.v6_transition))),
      v6_native_bytes: String(native),
      v6_transition_bytes: String(transition),
      v4_bytes: String(v4),
      total_bytes: String(BigInt(Math.round(bytes.v6_native + bytes.v6_transition)) + v4),
      excluded_bytes: "0",
      unknown_sampling_bytes: "0",
      share: null,
      native_share: null,
      records: "1",
      completeness: null,
    };
  });
  const elsewhere = { ...rows[0], region: "unknown", records: "7", v6_bytes: "0", total_bytes: "5000" };
  const total = { ...rows[0], unknown_sampling_bytes: "12345" } as unknown as api.TrafficShare["total"];
  const period = { from: "", to: "", zone: "Asia/Shanghai" as const };
  return {
    period,
    interval: null,
    by: ["region", "operator"],
    counting: "once",
    rows: [...rows, elsewhere],
    total,
  } as api.TrafficShare;
}

const figure = (users: number) => ({
  method: "aaa",
  users,
  low: users - 5,
  high: users + 5,
  coverage: 0.9912,
  active_prefixes: users * 3,
});

function perfectUsers(): api.ActiveUsers {
  const active = (access?: string) =>
    month.filter((it) => access === undefined || it.access === access).reduce((sum, it) => sum + it.active_v6, 0);
  const rows = ["mobile", "fixed", "iot"].map((access) => ({ access, ...figure(active(access)) }));
  return { rows, total: figure(active()) } as unknown as api.ActiveUsers;
}

const stage = (unit: "datagrams" | "rows", dropped_by_reason: Record<string, string> = {}): api.StageBooks => ({
  unit,
  received: "19442",
  forwarded: "19439",
  held: "0",
  dropped: "3",
  dropped_by_reason,
  balanced: true,
});
const sequence = { expected: "20000", lost: "282", reordered: "0", duplicated: "0" };
const books = {
  stages: { receive: stage("datagrams", { kernel_buffer: "3" }), write: stage("rows") },
  sequence,
  balanced: true,
} as unknown as api.Books;
const router = (name: string) => scenario.routers.find((it) => it.name === name)?.address as string;

function findings(change: Partial<DemoFindings> = {}): DemoFindings {
  return {
    scenario,
    truth,
    share: perfectShare(),
    users: perfectUsers(),
    ledger: { period: null, total: books, exporters: [{ exporter: router(WITHHELD), ...books }] },
    exporters: {
      exporters: [
        { exporter: router(SILENT), sampling_known: false, clock_off: false, clock_offset_ms: 3 },
        { exporter: router(OFF), sampling_known: true, clock_off: true, clock_offset_ms: 7_200_100 },
        ...Array.from({ length: 9 }, (_, i) => ({
          exporter: `127.0.0.${i + 1}`,
          sampling_known: false,
          clock_off: false,
          clock_offset_ms: 0,
        })),
      ],
    } as unknown as api.Exporters,
    out: new PassThrough(),
    ...change,
  };
}

describe("the demo's report", () => {
  const text = demoReport(findings());
  const lineOf = (word: string) => text.split("\n").find((line) => line.includes(word)) ?? "";

  test("of a platform without fault differs from the truth nowhere", () => {
    expect(text).toContain("largest difference from the truth in any city and operator: 0.000 pp");
    for (const { en } of scenario.regions) expect(lineOf(en)).toContain(" 0.00 ");
    for (const access of ["mobile", "fixed", "iot"]) expect(lineOf(` ${access} `)).toMatch(/ 0\.00 /);
  });

  test("has a last row for the province: the sum of IPv6 bytes over the sum of bytes, no mean of shares", () => {
    let [v6, total] = [0n, 0n];
    for (const row of perfectShare().rows) {
      if (row.region === "unknown") continue;
      v6 += BigInt(row.v6_bytes);
      total += BigInt(row.total_bytes);
    }
    expect(lineOf("全省 Province")).toContain(`${((100 * Number(v6)) / Number(total)).toFixed(2)}%`);
    expect(text.indexOf("全省")).toBeGreaterThan(text.indexOf("葫芦岛"));
    expect(lineOf("of no city")).toContain("7 records, 5000 bytes");
  });

  test("shows where the platform is wrong, in percentage points", () => {
    const share = perfectShare();
    const rows = share.rows.map((row) =>
      row.region === "210100" && row.operator === "telecom" ? { ...row, v6_bytes: "0" } : row,
    );
    const wrong = demoReport(findings({ share: { ...share, rows } }));
    expect(wrong).toMatch(/沈阳 Shenyang +0\.00%.* -\d+\.\d\d /);
    expect(wrong).not.toContain("any city and operator: 0.000 pp");
  });

  test("shows users with interval and coverage beside the truth and the prefixes, and where they are wrong", () => {
    const users = perfectUsers();
    const real = users.rows[0]?.users as number;
    expect(lineOf("移动网络 mobile")).toMatch(
      new RegExp(` ${real} +${real - 5}–${real + 5} +${real} +0\\.00 +99\\.12% +${real * 3}`),
    );
    const wrong = { ...users, rows: [{ ...users.rows[0], users: real * 2 }, ...users.rows.slice(1)] };
    expect(demoReport(findings({ users: wrong as api.ActiveUsers }))).toMatch(/移动网络 mobile .* \+100\.00 /);
    const none = { ...users, rows: [{ ...users.rows[0], users: null, low: null, high: null, coverage: null }] };
    expect(demoReport(findings({ users: none as api.ActiveUsers }))).toMatch(/移动网络 mobile +– +– /);
  });

  test("keeps its columns where Chinese and English share them, within 120 of them", () => {
    const rows = text.split("\n").filter((line) => scenario.regions.some(({ zh }) => line.includes(zh)));
    expect(rows).toHaveLength(14);
    expect(new Set(rows.map((line) => stringWidth(line))).size).toBe(1);
    for (const line of text.split("\n").slice(0, 28)) expect(stringWidth(line)).toBeLessThanOrEqual(120);
  });

  test("tells the books, why something was dropped, and what was withheld beside what was told lost", () => {
    expect(lineOf("接收 received")).toMatch(/19442 +19439 +0 +3 +3 .*kernel_buffer/);
    expect(text).toContain("the books balance; by sequence numbers 282 of 20000 lost");
    const withheld = truth.routers.find(({ name }) => name === WITHHELD)?.withheld.records;
    expect(withheld).toBeGreaterThan(0);
    expect(lineOf("withheld on purpose")).toContain(
      `${WITHHELD} (${router(WITHHELD)}): ${withheld} withheld on purpose, 282 told lost`,
    );
  });

  test("warns of unknown sampling and of a clock that is off, by the router's name, and lists no more than a line holds", () => {
    expect(lineOf("clock off")).toContain(`clock off by 7200 s: ${OFF} (${router(OFF)})`);
    expect(lineOf("sampling rate unknown")).toContain(
      `${SILENT} (${router(SILENT)}); 9 of the captures' (127.0.0.1, 127.0.0.2,`,
    );
    expect(lineOf("sampling rate unknown")).toContain("127.0.0.8, …)");
    expect(text).toContain("12345 bytes are in the figures as exported");
  });

  test("is plain text in a pipe and in colour on a terminal", () => {
    expect(stripVTControlCharacters(text)).toBe(text);
    const coloured = demoReport(findings({ out: Object.assign(new PassThrough(), { isTTY: true }) }));
    expect(coloured).not.toBe(text);
    expect(stripVTControlCharacters(coloured)).toBe(text);
  });
});
