import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { listMigrations, type Migration } from "@v6meter/sql";
import { createChdbConnection } from "chdb/connection";
import { afterEach, beforeEach, expect, test } from "vitest";
import { INSERT_SETTINGS } from "./insert-settings.ts";
import { applyMigrations } from "./migrate.ts";

const [records] = listMigrations() as [Migration, ...Migration[]];

function migration(name: string, sql: string): Migration {
  return { name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
}
const a = migration("0002_a", "CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x");
const b = migration("0003_b", "ALTER TABLE a ADD COLUMN IF NOT EXISTS y UInt8");

let folder: string;
let client: ClickHouseClient;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-migrate-"));
  const connection = createChdbConnection({ path: folder });
  client = createClient({ connection: connection as never });
});
afterEach(async () => {
  await client.close();
  rmSync(folder, { recursive: true, force: true });
});

async function recorded(): Promise<string[]> {
  const answer = await client.query({ query: "SELECT name FROM migrations ORDER BY name", format: "JSONEachRow" });
  return (await answer.json<{ name: string }>()).map(({ name }) => name);
}

test("migrations are applied in order, each once, and recorded", async () => {
  expect(await applyMigrations(client, [records, a])).toEqual([records.name, a.name]);
  expect(await applyMigrations(client, [records, a])).toEqual([]);
  expect(await applyMigrations(client, [records, a, b])).toEqual([b.name]);
  expect(await recorded()).toEqual([records.name, a.name, b.name]);
});

test("a migration that was applied but not recorded before a crash is repeated", async () => {
  await applyMigrations(client, [records, a]);
  await client.command({ query: b.sql });
  expect(await applyMigrations(client, [records, a, b])).toEqual([b.name]);
});

/** Inserts a hundred rows under a token, and tells what a table and its roll-up then hold. */
async function insertedBy(token: string): Promise<unknown> {
  await client.command({
    query: "INSERT INTO a (x) SELECT number FROM numbers(100)",
    clickhouse_settings: { ...INSERT_SETTINGS, insert_deduplication_token: token },
  });
  const query = "SELECT (SELECT toUInt32(count()) FROM a) AS rows, (SELECT toUInt32(sum(n)) FROM r) AS counted";
  return (await (await client.query({ query, format: "JSONEachRow" })).json())[0];
}

test("rows that are repeated after a change of their view, and after a restart, are there once", async () => {
  const table = (name: string, rest: string) =>
    migration(name, `CREATE TABLE IF NOT EXISTS ${rest} SETTINGS non_replicated_deduplication_window = 100`);
  const before = [
    records,
    table("0002_a", "a (x UInt8) ENGINE = MergeTree ORDER BY x"),
    table("0003_r", "r (x UInt8, n UInt64) ENGINE = SummingMergeTree(n) ORDER BY x"),
    migration("0004_v", "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO r AS SELECT x, count() AS n FROM a GROUP BY x"),
  ] as [Migration, ...Migration[]];
  const change = migration(
    "0005_v",
    "ALTER TABLE v MODIFY QUERY\nSELECT any(a.x) AS x, count() AS n FROM a GROUP BY a.x + 1",
  );
  await applyMigrations(client, before);
  expect(await insertedBy("before")).toEqual({ rows: 100, counted: 100 });
  // As a crash leaves it that comes between the two renamings of the change.
  await client.command({ query: change.sql });
  await client.command({ query: "RENAME TABLE v TO v_renamed" });
  await applyMigrations(client, [...before, change]);
  expect(await insertedBy("before")).toEqual({ rows: 100, counted: 100 });
  expect(await insertedBy("after")).toEqual({ rows: 200, counted: 200 });
  await client.close();
  client = createClient({ connection: createChdbConnection({ path: folder }) as never });
  for (const token of ["before", "after"]) expect(await insertedBy(token)).toEqual({ rows: 200, counted: 200 });
});

test("an applied migration that has changed since is refused by name, before anything is applied", async () => {
  await applyMigrations(client, [records, a]);
  const changed = migration(a.name, `${a.sql} -- changed`);
  await expect(applyMigrations(client, [records, changed, b])).rejects.toMatchObject({
    code: "MIGRATION_CHANGED",
    message: expect.stringContaining("0002_a"),
  });
  expect(await recorded()).toEqual([records.name, a.name]);
});

test("a store that a newer version migrated is refused", async () => {
  await applyMigrations(client, [records, a, b]);
  await expect(applyMigrations(client, [records, a])).rejects.toMatchObject({
    code: "STORE_INVALID",
    message: expect.stringContaining("0003_b"),
  });
});

test("a migration the engine refuses stops the rest and is told by name", async () => {
  const broken = migration("0002_broken", "CREATE TABLE broken (x NoSuchType) ENGINE = MergeTree ORDER BY x");
  await expect(applyMigrations(client, [records, broken, b])).rejects.toMatchObject({
    code: "STORE_REFUSED",
    message: expect.stringContaining("0002_broken"),
  });
  expect(await recorded()).toEqual([records.name]);
});
