import {
  REPORT_FORMAT_NAMES,
  REPORT_LANGUAGES,
  type ReportDocument,
  type ReportFormat,
  type ReportTemplate,
} from "@v6meter/schemas";
import { strFromU8, unzipSync } from "fflate";
import readExcelFile from "read-excel-file/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertFlows, insertSessions, openTestStore, type TestFlow } from "../query/province.test-data.ts";
import { askStore } from "./asked.test-data.ts";
import { compose, gather } from "./compose.ts";
import { liveSource } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { render } from "./render/index.ts";
import { fetchedOffice } from "./render/office.test-data.ts";
import { loadTemplate } from "./template.ts";

/** The report's first section: what a report begins with is asked for whatever its sections are. */
const template: ReportTemplate = (() => {
  const whole = loadTemplate();
  const blocks = whole.sections[0]?.blocks.filter((block) => "findings" in block || "tiles" in block) ?? [];
  return {
    ...whole,
    headlines: ["traffic_share"],
    sections: [{ id: "summary", zh: "总体情况", en: "Summary", blocks }],
  };
})();

const NOW_MS = Date.parse("2026-11-20T10:30:00+08:00");
const EXPORTERS = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
const office = fetchedOffice();
let store: Awaited<ReturnType<typeof openTestStore>>;
let asked: ReturnType<typeof askStore>;

/** Subscribers of both operators by their prefixes; only those of mobile are told by sessions. */
beforeAll(async () => {
  store = await openTestStore();
  const flows: TestFlow[] = [];
  for (const [at, exporter] of EXPORTERS.entries())
    for (const month of at < 2 ? ["2026-09", "2026-10", "2026-11"] : ["2026-09"])
      flows.push({ at: `${month}-10T12:00:00+08:00`, exporter, family: 6, bytes: 1_000 });
  const sessions = [];
  for (const operator of ["mobile", "telecom"])
    for (let n = 1; n <= 20; n++) {
      const subscriber = BigInt(n) + (operator === "mobile" ? 0n : 1_000n);
      const place = { at: "2026-10-12T12:00:00+08:00", operator };
      const told = operator === "mobile" ? { subscriber, subscriber_method: "session" } : {};
      flows.push({
        ...place,
        family: 6,
        active_family: 6,
        subscriber_prefix: subscriber,
        flow_direction: "up",
        ...told,
      });
      if (operator === "mobile") sessions.push({ ...place, subscriber, ipv6_prefix: `2409:8914:0:${n}::` });
    }
  await insertFlows(store.store, flows);
  await insertSessions(store.store, sessions);
  asked = askStore(store.store);
}, 120_000);
afterAll(async () => {
  await asked.stop();
  await store.close();
  office?.close();
});

/** Every text of a file in the order in which it is read; null where no program is here that reads it. */
async function textOf(bytes: Uint8Array, format: ReportFormat): Promise<string | null> {
  switch (format) {
    case "docx": {
      const part = strFromU8(unzipSync(bytes)["word/document.xml"] as Uint8Array);
      return part.replace(/<[^>]*>/g, "");
    }
    case "xlsx": {
      const [first] = await readExcelFile(Buffer.from(bytes));
      return (first?.data ?? []).flat().join("\n");
    }
    case "pdf":
      return office === null ? null : office.pdfText(bytes);
    case "html":
      return Buffer.from(bytes)
        .toString()
        .replace(/[\s\S]*<body>/, "")
        .replace(/<[^>]*>/g, "");
    default:
      return Buffer.from(bytes).toString();
  }
}
const bare = (text: string) =>
  text
    .replace(/[\s\u200b\u00ad]/g, "")
    .replaceAll("&amp;", "&")
    .replaceAll("&quot;", '"');

const CASES = [
  {
    says: "a month without data",
    month: "2024-03",
    nowMs: NOW_MS,
    zh: "本月没有收到任何流量数据",
    en: "No traffic was received in this month",
  },
  {
    says: "a month that is not over",
    month: "2026-11",
    nowMs: NOW_MS,
    zh: "本月尚未结束：数据截至2026-11-20 10:30",
    en: "The month is not over: figures are up to 2026-11-20 10:30",
  },
  {
    says: "half of the exporters missing",
    month: "2026-10",
    nowMs: NOW_MS,
    zh: "上月有数据的4台采集设备中，2台本月无数据",
    en: "Of 4 exporters of the month before, 2 sent nothing this month",
  },
  {
    says: "an operator without accounting",
    month: "2026-10",
    nowMs: NOW_MS,
    zh: "未提供认证计费数据：其用户数无法统计",
    en: "only prefixes are told of their users",
  },
] as const;

describe.each(CASES)("$says", (it) => {
  const documents = new Map<string, ReportDocument>();
  beforeAll(async () => {
    const month = monthOf(it.month, it.nowMs);
    const gathered = await gather(liveSource(asked.ask), { template, month, nowMs: it.nowMs });
    for (const lang of REPORT_LANGUAGES) documents.set(lang, compose(gathered, lang));
  }, 60_000);

  test.each(REPORT_LANGUAGES)(
    "in %s every format says it before any figure",
    async (lang) => {
      const document = documents.get(lang) as ReportDocument;
      expect(document.notices).toContainEqual(expect.stringContaining(it[lang]));
      for (const format of REPORT_FORMAT_NAMES) {
        const text = await textOf(await render(document, format), format);
        if (text === null) continue;
        const [said, section] = [
          bare(text).indexOf(bare(it[lang])),
          bare(text).lastIndexOf(bare(lang === "zh" ? "总体情况" : "Summary")),
        ];
        expect(said, `${format} says it`).toBeGreaterThanOrEqual(0);
        // A spreadsheet's sections are other sheets, and CSV has the figures alone.
        if (section >= 0) expect(said, `${format} says it first`).toBeLessThan(section);
      }
    },
    60_000,
  );
});

test("operators whose sessions were told are not named among those without accounting", async () => {
  const month = monthOf("2026-10", NOW_MS);
  const { notices } = compose(await gather(liveSource(asked.ask), { template, month, nowMs: NOW_MS }), "en");
  expect(notices.filter((notice) => notice.startsWith("No accounting"))).toEqual([
    expect.stringMatching(/^No accounting came from Telecom:/),
  ]);
}, 60_000);
