import { Fault, type ReportDocument, type ReportTable } from "@v6meter/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertInterconnect } from "../query/interconnect.test-data.ts";
import { openTestStore } from "../query/province.test-data.ts";
import type { Ask } from "./ask.ts";
import { askStore } from "./asked.test-data.ts";
import { compose, gather } from "./compose.ts";
import { liveSource } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { MONTH } from "./province.test-data.ts";
import { loadTemplate } from "./template.ts";

const whole = loadTemplate();
const template = {
  ...whole,
  headlines: whole.headlines.slice(0, 1),
  sections: whole.sections
    .map((it) => ({ ...it, blocks: it.blocks.filter((block) => "interconnect" in block) }))
    .filter(({ blocks }) => blocks.length > 0),
};
let store: Awaited<ReturnType<typeof openTestStore>>;
let asked: ReturnType<typeof askStore>;

beforeAll(async () => {
  store = await openTestStore();
  await insertInterconnect(store.store, `${MONTH}-10T12:00:00+08:00`);
  asked = askStore(store.store);
});
afterAll(async () => {
  await asked.stop();
  await store.close();
});

const made = async (ask: Ask, name = MONTH) =>
  compose(await gather(liveSource(ask), { template, month: monthOf(name, Date.now()), nowMs: Date.now() }), "en");
const blocksOf = ({ sections }: ReportDocument) => sections.flatMap(({ blocks }) => blocks);
const textsOf = (document: ReportDocument) =>
  blocksOf(document).flatMap((it) => (it.kind === "text" ? it.paragraphs.map(({ text }) => text) : []));

test("the pairs of operators stand in both directions, bytes and share, with the sums of each side", async () => {
  const tables = blocksOf(await made(asked.ask)).filter((it): it is ReportTable => it.kind === "table");
  const lines = tables.map(({ rows }) => rows.map(({ cells }) => cells.map(({ text }) => text).join(" | ")));
  expect(tables[0]?.columns.map(({ title }) => title)).toEqual([
    "From \\ to",
    "broadnet",
    "Mobile",
    "Telecom",
    "unicom",
    "unknown",
    "All",
  ]);
  expect(lines).toEqual([
    [
      "broadnet | — | — | — | — | 7 B | 7 B",
      "Mobile | — | — | 400 B | — | — | 400 B",
      "Telecom | — | 1.40 KB | — | — | — | 1.40 KB",
      "unicom | — | 50 B | — | — | — | 50 B",
      "unknown | — | — | — | — | — | 0 B",
      "All | 0 B | 1.45 KB | 400 B | 0 B | 7 B | 1.86 KB",
    ],
    [
      "broadnet | — | — | — | — | 100.00% | 100.00%",
      "Mobile | — | — | 75.00% | — | — | 75.00%",
      "Telecom | — | 71.43% | — | — | — | 71.43%",
      "unicom | — | 0.00% | — | — | — | 0.00%",
      "unknown | — | — | — | — | — | —",
      // A sum over a sum: 1,000 of 1,450, and 1,307 of 1,857.
      "All | — | 68.97% | 75.00% | — | 100.00% | 70.38%",
    ],
  ]);
  expect(tables[1]?.note).toContain("Of 1.86 KB metered there, 1.85 KB have both sides.");
});

test("a snapshot that is older than the question, and a month without such traffic, have a line each", async () => {
  const old = async (path: string) => {
    if (path.startsWith("/api/v1/traffic/interconnect")) throw new Fault("NOT_FOUND", `${path} is not kept.`);
    return asked.ask(path);
  };
  const title = "Traffic between operators at the direct-connect point";
  expect(textsOf(await made(old))).toEqual([`${title}: the snapshot of the month does not keep these figures.`]);
  expect(textsOf(await made(asked.ask, "2026-08"))).toEqual([
    `${title}: the registry names no direct-connect point, or none had traffic this month.`,
  ]);
});
