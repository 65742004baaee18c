import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFlows } from "@v6meter/batch";
import { type FlowBatch, storeConfig } from "@v6meter/schemas";
import { createChdbConnection } from "chdb/connection";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { PLACEMENTS } from "./cluster/placement.ts";
import { storeContract } from "./contract.ts";
import { repairDeduplicationLogs } from "./deduplication-log.ts";
import { openEmbeddedStore } from "./embedded.ts";
import { mixedFlows, plainFlows } from "./flows.test-data.ts";
import { InsertFiles } from "./insert-file.ts";
import type { Insert, Store } from "./port.ts";
import { booksOf, expectRollupsEqualRecount } from "./rollup-recount.test-data.ts";

const LIMITS = { maxExecutionS: 20, maxRows: 1_000, maxMemoryBytes: 500_000_000 };
const NOON_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000 + 4 * 3_600_000;

const root = mkdtempSync(join(tmpdir(), "v6meter-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function openMigrated(path: string, settings: Record<string, number> = {}): Promise<Store> {
  const store = await openEmbeddedStore({ path, config: storeConfig.parse(settings) });
  await store.migrate();
  return store;
}

storeContract("embedded", () => openMigrated(join(root, "contract")));

function flowsInsert(batch: FlowBatch, token: string): Insert {
  return { table: "flows", arrow: encodeFlows(batch, { stage: "classify" }), rows: batch.rows, token };
}

async function cells(store: Store, statement: string): Promise<unknown[]> {
  return (await store.raw(statement, LIMITS)).rows.map(([cell]) => cell);
}

/** Runs statements a store has no way to, in the engine of an open store. */
async function administer(path: string, ...statements: string[]): Promise<void> {
  const connection = createChdbConnection({ path: join(path, "engine") });
  for (const query of statements) await connection.command({ query });
  await connection.close();
}

describe("an insert that was cut off", () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(root, "cut-"));
  });

  const batch = mixedFlows({ rows: 4_000, seed: 3, fromMs: NOON_MS, spanMs: 10_000 });

  test.each([
    ["the table and the rollup of five minutes", ["flows_5m_view"]],
    ["the rollups of five minutes and of an hour", ["flows_1h_view"]],
    ["the rollups of an hour and of a day", ["flows_1d_view"]],
    ["the flows and the users of a day", ["users_1d_view"]],
    ["the users of a day and of a month", ["users_1mo_view"]],
    ["the flows and the panel", ["panel_1d_view"]],
  ])("between %s is completed by its repetition", async (_, views) => {
    const store = await openMigrated(path);
    await store.insert(flowsInsert(batch, "before"));
    for (const view of views) await administer(path, `DETACH TABLE ${view} SYNC`);
    await store.insert(flowsInsert(batch, "cut off"));
    for (const view of views) await administer(path, `ATTACH TABLE ${view}`);
    await store.insert(flowsInsert(batch, "cut off"));
    await store.insert(flowsInsert(batch, "cut off"));
    expect(await cells(store, "SELECT count() FROM flows")).toEqual(["8000"]);
    await expectRollupsEqualRecount(store);
    await store.stop();
  });

  // The engine remembers a token before it gives the part its name: see deduplication-log.ts.
  test.each(["flows", "flows_5m", "flows_1h", "flows_1d", "users_1d", "users_1mo", "panel_1d"])(
    "when %s remembered its token but had no part yet is completed by its repetition",
    async (table) => {
      const before = await openMigrated(path);
      await administer(path, `SYSTEM STOP MERGES`);
      await before.insert(flowsInsert(batch, "before"));
      await before.insert(flowsInsert(batch, "cut off"));
      const [part] = await cells(
        before,
        `SELECT path FROM system.parts WHERE table = '${table}' AND active ORDER BY min_block_number DESC LIMIT 1`,
      );
      await before.stop();
      rmSync(String(part), { recursive: true });

      const after = await openMigrated(path);
      await after.insert(flowsInsert(batch, "before"));
      await after.insert(flowsInsert(batch, "cut off"));
      expect(await cells(after, "SELECT count() FROM flows")).toEqual(["8000"]);
      await expectRollupsEqualRecount(after);
      await after.stop();
    },
  );

  test("and was classified anew stores what was tried first, the same in table and rollups", async () => {
    const anew: FlowBatch = { ...batch, columns: { ...batch.columns, counted: new Uint8Array(batch.capacity) } };
    const store = await openMigrated(path);
    await administer(path, "DETACH TABLE flows_5m_view SYNC");
    await store.insert(flowsInsert(batch, "cut off"));
    await administer(path, "ATTACH TABLE flows_5m_view");
    const files = new InsertFiles(join(path, "inserts"));
    await files.put("cut off", flowsInsert(batch, "cut off").arrow);
    await store.insert(flowsInsert(anew, "cut off"));
    await expectRollupsEqualRecount(store);
    expect(readdirSync(join(path, "inserts"))).toEqual([]);
    await store.stop();
  });
});

test("deduplication logs of parts that are there, merged ones too, stay as they are", async () => {
  const path = join(root, "repair");
  const store = await openMigrated(path);
  for (let i = 0; i < 5; i++) {
    await store.insert(flowsInsert(mixedFlows({ rows: 100, seed: i, fromMs: NOON_MS, spanMs: 10 }), `cut ${i}`));
  }
  await administer(path, "OPTIMIZE TABLE flows FINAL", "OPTIMIZE TABLE flows_5m FINAL");
  await store.stop();
  expect(repairDeduplicationLogs(join(path, "engine"))).toBe(0);
});

test("rows expire after the days of the setting, in old parts as well", async () => {
  const path = join(root, "expiry");
  const day = 86_400_000;
  const first = await openMigrated(path);
  await first.insert(flowsInsert(plainFlows([NOON_MS - 40 * day]), "40 days old"));
  await first.insert(flowsInsert(plainFlows([NOON_MS - 10 * day]), "10 days old"));
  await first.insert(flowsInsert(plainFlows([NOON_MS]), "new"));
  await administer(path, "OPTIMIZE TABLE flows FINAL");
  const days =
    "SELECT dateDiff('day', toDate(received_at), toDate(toDateTime(intDiv(NOON, 1000)))) FROM flows ORDER BY 1";
  const ages = days.replace("NOON", String(NOON_MS));
  expect(await cells(first, ages)).toEqual(["0", "10"]);
  await first.stop();

  const second = await openMigrated(path, { raw_ttl_days: 7 });
  await administer(path, "OPTIMIZE TABLE flows FINAL");
  expect(await cells(second, ages)).toEqual(["0"]);
  expect(await cells(second, "SELECT sum(records) FROM flows_1d")).toEqual(["3"]);
  await second.stop();
});

test("merges of rows build no statistics of their columns", async () => {
  const path = mkdtempSync(join(root, "statistics-"));
  const store = await openMigrated(path);
  try {
    for (const token of ["a", "b"]) await store.insert(flowsInsert(plainFlows([NOON_MS]), token));
    await administer(path, "OPTIMIZE TABLE flows FINAL");
    const built =
      "SELECT countIf(notEmpty(statistics)) FROM system.parts_columns WHERE table = 'flows' AND active AND level > 0";
    expect(await cells(store, `${built} HAVING count() > 0`)).toEqual(["0"]);
    const tables = "SELECT name FROM system.tables WHERE database = 'default' AND engine LIKE '%MergeTree'";
    const left = "create_table_query LIKE '%auto_statistics_types = \\'\\'%'";
    expect(await cells(store, `${tables} AND ${left} ORDER BY name`)).toEqual(Object.keys(PLACEMENTS).sort());
  } finally {
    await store.stop();
  }
});

test("a folder that belongs to a running process is refused, and free after it ends", async () => {
  const path = join(root, "lock");
  const script = join(root, "opener.mjs");
  writeFileSync(
    script,
    `import { openEmbeddedStore } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
     import { storeConfig } from ${JSON.stringify(join(import.meta.dirname, "../../../schemas/index.ts"))};
     await openEmbeddedStore({ path: process.argv[2], config: storeConfig.parse({}) }).then(
       (store) => store.ping().then(() => store.stop()).then(() => console.log("opened")),
       ({ code, message }) => console.log(code, message),
     );`,
  );
  const openElsewhere = () => execFileSync(process.execPath, [script, path], { encoding: "utf8" }).trim();
  const store = await openMigrated(path);
  expect(openElsewhere()).toBe(
    `DATA_IN_USE The folder ${path} belongs to another running process: stop it, or choose another data_dir.`,
  );
  await expect(openEmbeddedStore({ path, config: storeConfig.parse({}) })).rejects.toMatchObject({
    code: "DATA_IN_USE",
  });
  await store.ping();
  await store.stop();
  expect(openElsewhere()).toBe("opened");
});

test("statements that ask for more memory than the engine may use are refused, and others run", async () => {
  const store = await openMigrated(join(root, "memory"), { max_memory_bytes: 268_435_456 });
  const limits = { ...LIMITS, maxMemoryBytes: 4_000_000_000 };
  await expect(store.raw("SELECT groupArray(number) FROM numbers(200000000)", limits)).rejects.toMatchObject({
    code: "QUERY_REFUSED",
  });
  await store.insert(flowsInsert(plainFlows([NOON_MS]), "one"));
  expect((await booksOf(store, "flows")).length).toBe(1);
  await store.stop();
});
