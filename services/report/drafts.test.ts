import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPORT_FORMAT_NAMES, REPORT_LANGUAGES } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { openTestStore } from "../query/province.test-data.ts";
import { askStore } from "./asked.test-data.ts";
import { keepDrafts } from "./drafts.ts";
import { insertYear, MONTH } from "./province.test-data.ts";
import { loadTemplate } from "./template.ts";

test("on the 1st the report of the month that ended is there in every format and language, and is written once", async () => {
  const { store, close } = await openTestStore();
  const dir = mkdtempSync(join(tmpdir(), "v6meter-drafts-"));
  const { ask, stop } = askStore(store);
  try {
    await insertYear(store);
    const written: string[] = [];
    const failed: unknown[] = [];
    const once = () => {
      const now = () => Date.parse("2026-11-01T00:30:00+08:00");
      const told = {
        written: (files: readonly string[]) => void written.push(...files),
        failed: (it: unknown) => void failed.push(it),
      };
      return keepDrafts({ ask, template: loadTemplate(), dir, now }, told).stop();
    };
    await once();
    const expected = REPORT_LANGUAGES.flatMap((lang) =>
      REPORT_FORMAT_NAMES.map((format) => `v6meter-${MONTH}-draft-${lang}.${format}`),
    );
    expect(failed).toEqual([]);
    expect(readdirSync(dir).sort()).toEqual(expected.sort());
    expect(readFileSync(join(dir, `v6meter-${MONTH}-draft-zh.html`), "utf8")).toContain("数据未冻结");
    await once();
    expect(written).toHaveLength(expected.length);
  } finally {
    await stop();
    await close();
    rmSync(dir, { recursive: true });
  }
}, 300_000);
