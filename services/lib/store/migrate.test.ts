import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { listMigrations, type Migration } from "@v6meter/sql";
import { createChdbConnection } from "chdb/connection";
import { afterEach, beforeEach, expect, test } from "vitest";
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
