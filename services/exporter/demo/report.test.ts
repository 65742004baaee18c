import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { type api, TECHNOLOGIES } from "@v6meter/schemas";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { smallProvince } from "../scenario/test-export.ts";
import { type DemoFindings, demoReport } from "./report.ts";

const province = smallProvince(20_000);
const { truth, scenario } = province;

/** What a platform without fault answers: the truth, in the API's words. */
function perfectShare(): api.TrafficShare {
  const rows = truth.cells.map(
    ({ region, operator, family, technology, scaledBytes, unknownSamplingBytes, records }) => {
      const rule = TECHNOLOGIES[technology].counts_as;
      const countsAs = rule === "auto" ? (family === 6 ? "v6_native" : "v4") : rule;
      const bytes = (...kinds: string[]) => (kinds.includes(countsAs) ? scaledBytes : 0n).toString();
      return {
        region,
        operator,
        v6_bytes: bytes("v6_native", "v6_transition"),
        v6_native_bytes: bytes("v6_native"),
        v6_transition_bytes: bytes("v6_transition"),
        v4_bytes: bytes("v4"),
        total_bytes: bytes("v6_native", "v6_transition", "v4"),
        excluded_bytes: bytes("excluded"),
        unknown_sampling_bytes: unknownSamplingBytes.toString(),
        share: null,
        native_share: null,
        records: String(records),
        completeness: null,
      };
    },
  );
  const total = { ...rows[0], unknown_sampling_bytes: "12345" } as unknown as api.TrafficShare["total"];
  const period = { from: "", to: "", zone: "Asia/Shanghai" as const };
  return { period, interval: null, by: ["region", "operator"], counting: "once", rows, total } as api.TrafficShare;
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

function findings(change: Partial<DemoFindings> = {}): DemoFindings {
  return {
    scenario,
    truth,
    share: perfectShare(),
    ledger: { period: null, total: books, exporters: [{ exporter: "127.86.24.3", ...books }] },
    exporters: {
      exporters: [
        { exporter: "127.86.24.4", sampling_known: false, clock_off: false, clock_offset_ms: 3 },
        { exporter: "127.86.24.5", sampling_known: true, clock_off: true, clock_offset_ms: 7_200_100 },
        { exporter: "127.0.0.9", sampling_known: false, clock_off: false, clock_offset_ms: 0 },
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

  test("keeps its columns where Chinese and English share them, within 120 of them", () => {
    const rows = text.split("\n").filter((line) => scenario.regions.some(({ zh }) => line.includes(zh)));
    expect(rows).toHaveLength(14);
    expect(new Set(rows.map((line) => stringWidth(line))).size).toBe(1);
    for (const line of text.split("\n").slice(0, 20)) expect(stringWidth(line)).toBeLessThanOrEqual(120);
  });

  test("tells the books, why something was dropped, and what was withheld beside what was told lost", () => {
    expect(lineOf("接收 received")).toMatch(/19442 +19439 +0 +3 +3 .*kernel_buffer/);
    expect(text).toContain("the books balance; by sequence numbers 282 of 20000 lost");
    const withheld = truth.routers.find(({ name }) => name === "ln-unicom-man-1")?.withheld.records;
    expect(lineOf("withheld on purpose")).toContain(
      `ln-unicom-man-1 (127.86.24.3): ${withheld} withheld on purpose, 282 told lost`,
    );
  });

  test("warns of unknown sampling and of a clock that is off, by the router's name", () => {
    expect(lineOf("clock off")).toContain("clock off by 7200 s: ln-mobile-pgw-1 (127.86.24.5)");
    expect(lineOf("sampling rate unknown")).toContain("ln-unicom-bras-9 (127.86.24.4); 1 of the captures' (127.0.0.9)");
    expect(text).toContain("12345 bytes are in the figures as exported");
  });

  test("is plain text in a pipe and in colour on a terminal", () => {
    expect(stripVTControlCharacters(text)).toBe(text);
    const coloured = demoReport(findings({ out: Object.assign(new PassThrough(), { isTTY: true }) }));
    expect(coloured).not.toBe(text);
    expect(stripVTControlCharacters(coloured)).toBe(text);
  });
});
