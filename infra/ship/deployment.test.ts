import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { loadSettings } from "@v6meter/runtime";
import { clientsFile, config } from "@v6meter/schemas";
import { createChdbConnection } from "chdb/connection";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";

const ROOT = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(ROOT, "docs/deployment.md"), "utf8");
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, block = ""]) => block.trim());

let folder: string;
let engine: ClickHouseClient;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-deployment-"));
  engine = createClient({ connection: createChdbConnection({ path: folder }) as never });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(blocks("sql"))("the engine parses %s", async (sql) => {
  const answer = await engine.query({
    query: "SELECT formatQuery({sql:String}) AS text",
    query_params: { sql },
    format: "JSONEachRow",
  });
  const [row] = await answer.json<{ text: string }>();
  expect(row?.text.split(/\s/)[0]).toBe(sql.split(/\s/)[0]);
});

test("the settings of its example are allowed", () => {
  const [example = ""] = blocks("yaml");
  expect(Object.keys(config.parse(parse(example)))).toContain("collector");
});

test("the example of RADIUS clients is allowed, and holds no secret", () => {
  const example = readFileSync(join(ROOT, "infra/ship/sessions/clients.yaml"), "utf8");
  const { clients } = clientsFile.parse(parse(example));
  for (const { secret_file } of clients)
    expect(existsSync(join(ROOT, "infra/ship/sessions", String(secret_file)))).toBe(false);
});

test("every setting it names exists", () => {
  const known = JSON.stringify(loadSettings({ env: {}, flags: {}, file: null }).config);
  const tree = JSON.parse(known) as Record<string, unknown>;
  const named = [...text.matchAll(/`((?:collector|bus|sessions|classifier|store|query)\.[a-z_.]+)(?::[^`]*)?`/g)]
    .map(([, it = ""]) => it)
    .filter((it) => !it.endsWith(".key"));
  expect(named.length).toBeGreaterThan(8);
  for (const name of named) {
    const value = name
      .split(".")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], tree);
    expect(value, name).not.toBeUndefined();
  }
});

test("every file of the repository it names is there", () => {
  const named = [
    ...[...text.matchAll(/\b((?:infra|services|docs)\/[\w./@-]+\.\w+)/g)].map(([, it = ""]) => it),
    ...[...text.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, it = ""]) => `docs/${it}`),
  ];
  expect(named.length).toBeGreaterThan(5);
  for (const path of named.filter((it) => !it.startsWith("infra/ship/secrets/")))
    expect(existsSync(join(ROOT, path)), path).toBe(true);
});

/** Bytes of a record on the bus, and of a row as planned. */
const BUS_BYTES = 148;
const ROW_BYTES = 30;
const rows = [
  ...text.matchAll(
    /^\| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) GB \| ([\d.]+) (GB|TB) \| ([\d.]+) GB \| ([\d.]+) TB \|$/gm,
  ),
];

test.each(rows.map((row) => [row[1] ?? "", row] as const))(
  "the sizes at %s records/s follow from the measured figures",
  (rate, row) => {
    const records = Number(rate.replaceAll(",", ""));
    const [collector, all, busMb, spoolGb, kafka, , storeGb, monthTb] = row.slice(2).map(Number);
    const kafkaGb = Number(kafka) * (row[7] === "TB" ? 1e3 : 1);
    /** Within what rounding to two digits makes of it. */
    const near = (found: number | undefined, wanted: number) =>
      expect(Math.abs(Number(found) - wanted) / wanted).toBeLessThan(0.2);
    near(collector, (records * 1.2) / 1e6);
    near(all, (records * 6.8) / 1e6);
    near(busMb, (records * BUS_BYTES) / 1e6);
    near(spoolGb, (records * BUS_BYTES * 600) / 1e9);
    near(kafkaGb, (records * BUS_BYTES * 86_400) / 1e9);
    near(storeGb, (records * ROW_BYTES * 86_400) / 1e9);
    near(monthTb, (records * ROW_BYTES * 86_400 * 30) / 1e12);
  },
);

test("the table of sizes was read", () => expect(rows).toHaveLength(4));
