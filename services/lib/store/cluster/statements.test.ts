import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { listMigrations } from "@v6meter/sql";
import { createChdbConnection } from "chdb/connection";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER_INSERT_SETTINGS } from "./insert-settings.ts";
import { PLACEMENTS } from "./placement.ts";
import { type Cluster, clusterDatabase, clusterStatements } from "./statements.ts";

const CLUSTER: Cluster = { cluster: "province", database: "v6meter" };
const migrations = listMigrations();
const all = migrations.map((migration) => ({ migration, statements: clusterStatements(migration, CLUSTER) }));

let folder: string;
let engine: ClickHouseClient;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-cluster-"));
  engine = createClient({ connection: createChdbConnection({ path: folder }) as never });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The statement in the engine's own words; throws where the engine cannot parse it. */
async function formatted(sql: string): Promise<string> {
  const answer = await engine.query({
    query: "SELECT formatQuery({sql:String}) AS text",
    query_params: { sql },
    format: "JSONEachRow",
  });
  const [row] = await answer.json<{ text: string }>();
  return row?.text ?? "";
}

/** What a cluster's statement would be on one server. */
const onOneServer = (sql: string) =>
  sql
    .replaceAll(" ON CLUSTER `province`", "")
    .replaceAll("`v6meter`.", "")
    .replaceAll(/\b(\w+)_local\b(?!')/g, "$1")
    .replace(/Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, "$1(")
    .replace(/MergeTree\(\)/, "MergeTree")
    .replace(/replicated_deduplication_window = (\d+), \w+ = \d+/, "non_replicated_deduplication_window = $1");

/** What a migration says itself, of its statements: views are renamed around a change of theirs. */
const own = (statements: readonly string[]) => statements.find((it) => !it.startsWith("RENAME TABLE")) ?? "";

test("what the migrations are on a cluster, as reviewed", async () => {
  const text = all.map(({ migration, statements }) =>
    [`-- ${migration.name}`, ...statements.map((it) => `${it};`)].join("\n"),
  );
  await expect(`${[`${clusterDatabase(CLUSTER)};`, ...text].join("\n\n")}\n`).toMatchFileSnapshot(
    "statements.snapshot.sql",
  );
});

test.each(all)(
  "$migration.name: the engine parses every statement, each ON CLUSTER and safe to repeat",
  async ({ statements }) => {
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) {
      expect(await formatted(statement)).toContain("ON CLUSTER province");
      expect(statement).toMatch(/IF (NOT )?EXISTS|MODIFY|COMMENT/);
    }
  },
);

test.each(all)(
  "$migration.name: but for its place it is the migration as one server runs it",
  async ({ migration, statements }) => {
    const local = own(statements);
    expect(local).not.toBe(migration.sql);
    expect(await formatted(onOneServer(local))).toBe(await formatted(migration.sql));
  },
);

test("one server runs all of them, with its names alone and plain engines", async () => {
  for (const { statements } of all) await engine.command({ query: onOneServer(own(statements)) });
  const answer = await engine.query({
    query: "SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name",
    format: "JSONEachRow",
  });
  const tables = await answer.json<{ name: string; engine: string }>();
  expect(tables.filter(({ engine }) => !engine.endsWith("View")).map((table) => table.name)).toEqual(
    Object.keys(PLACEMENTS).sort(),
  );
});

test.each(Object.entries(PLACEMENTS).flatMap(([table, { on }]) => (on === "shards" ? [{ table }] : [])))(
  "$table: replicated within a shard, Distributed over the shards, its tokens remembered for days",
  ({ table }) => {
    const [local = "", distributed = ""] =
      all.map(({ statements }) => statements).find(([first]) => first?.includes(`.${table}_local ON CLUSTER`)) ?? [];
    expect(local).toMatch(
      new RegExp(
        `ENGINE = Replicated\\w*MergeTree\\('/clickhouse/tables/\\{shard\\}/\\{database\\}/${table}_local', '\\{replica\\}'`,
      ),
    );
    const remembered = /[^_]replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = (\d+)/;
    const [, inserts, seconds] = remembered.exec(local) ?? [];
    expect(Number(inserts)).toBeGreaterThanOrEqual(10_000);
    // As long at least as Kafka keeps a cut by default: 3 days.
    expect(Number(seconds)).toBeGreaterThan(3 * 86_400);
    expect(distributed).toMatch(
      new RegExp(
        `\\.${table} ON CLUSTER .* AS .*\\.${table}_local\nENGINE = Distributed\\('province', 'v6meter', '${table}_local'`,
      ),
    );
  },
);

/** Arguments after the table's name: the sharding key, or none. */
const shardingKey = (table: string) =>
  new RegExp(`Distributed\\('province', 'v6meter', '${table}_local'(?:, (.*))?\\)$`, "m").exec(
    all.flatMap(({ statements }) => statements).join("\n"),
  )?.[1];

test("tables that are written have a sharding key, rollups have none and so refuse inserts", () => {
  expect(Object.fromEntries(Object.keys(PLACEMENTS).map((table) => [table, shardingKey(table)]))).toMatchObject({
    flows: expect.stringContaining("cityHash64(subscriber)"),
    ledger: "cityHash64(exporter)",
    exporters: "cityHash64(exporter)",
    flows_5m: undefined,
    flows_1h: undefined,
    flows_1d: undefined,
  });
});

test("the engine puts the flows of a subscriber on one shard whatever their exporter, and those of none on several", async () => {
  const answer = await engine.query({
    query: `SELECT subscriber, uniqExact(shard) AS shards FROM (
      SELECT number % 2 AS subscriber, toIPv6('2001:db8::1') AS src_addr,
        toIPv6(concat('10.0.0.', toString(number % 100))) AS exporter,
        toTypeName(${shardingKey("flows")}) = 'UInt64' ? (${shardingKey("flows")}) % 4 : 99 AS shard
      FROM numbers(200)) GROUP BY subscriber ORDER BY subscriber`,
    format: "JSONEachRow",
  });
  expect(await answer.json()).toEqual(
    [
      { subscriber: 0, shards: 4 },
      { subscriber: 1, shards: 1 },
    ].map((row) => expect.objectContaining({ shards: expect.toSatisfy((it) => Number(it) === row.shards) })),
  );
});

test("the history of migrations is one table on every server", () => {
  expect(all[0]?.statements).toHaveLength(1);
  expect(all[0]?.statements[0]).toContain(
    "ReplicatedMergeTree('/clickhouse/tables/every_server/{database}/migrations', '{shard}-{replica}')",
  );
});

test("views that fill tables read and write within the shard, the view for analysts reads all shards", () => {
  const statement = (start: string) => all.flatMap((it) => it.statements).find((it) => it.startsWith(start)) ?? "";
  const filling = statement("CREATE MATERIALIZED VIEW IF NOT EXISTS `v6meter`.flows_1h_view ON CLUSTER");
  expect(filling).toContain("TO `v6meter`.flows_1h_local AS");
  expect(filling).toContain("FROM `v6meter`.flows_5m_local AS f");
  expect(statement("CREATE VIEW")).toContain("FROM `v6meter`.flows_1h AS t");
});

test.each([
  {
    says: "a new column comes to the servers first, then to the Distributed table",
    sql: "ALTER TABLE flows ADD COLUMN IF NOT EXISTS a Tuple(x UInt8, y UInt8), COMMENT COLUMN bytes 'a, b'",
    gives: [
      "ALTER TABLE `v6meter`.flows_local ON CLUSTER `province` ADD COLUMN IF NOT EXISTS a Tuple(x UInt8, y UInt8), COMMENT COLUMN bytes 'a, b'",
      "ALTER TABLE `v6meter`.flows ON CLUSTER `province` ADD COLUMN IF NOT EXISTS a Tuple(x UInt8, y UInt8), COMMENT COLUMN bytes 'a, b'",
    ],
  },
  {
    says: "a column goes from the Distributed table first",
    sql: "ALTER TABLE flows DROP COLUMN IF EXISTS tos",
    gives: [
      "ALTER TABLE `v6meter`.flows ON CLUSTER `province` DROP COLUMN IF EXISTS tos",
      "ALTER TABLE `v6meter`.flows_local ON CLUSTER `province` DROP COLUMN IF EXISTS tos",
    ],
  },
  {
    says: "an expiry is the servers' alone",
    sql: "ALTER TABLE flows MODIFY TTL toDateTime(received_at) + INTERVAL 3 DAY",
    gives: [
      "ALTER TABLE `v6meter`.flows_local ON CLUSTER `province` MODIFY TTL toDateTime(received_at) + INTERVAL 3 DAY",
    ],
  },
  {
    says: "a changed memory of tokens keeps its time",
    sql: "ALTER TABLE ledger MODIFY SETTING merge_with_ttl_timeout = 5, non_replicated_deduplication_window = 9, ttl_only_drop_parts = 1",
    gives: [
      "ALTER TABLE `v6meter`.ledger_local ON CLUSTER `province` MODIFY SETTING merge_with_ttl_timeout = 5, " +
        "replicated_deduplication_window = 9, replicated_deduplication_window_seconds = 2592000, ttl_only_drop_parts = 1",
    ],
  },
  {
    says: "a column beside an expiry reaches the Distributed table without it",
    sql: "ALTER TABLE flows ADD COLUMN IF NOT EXISTS a UInt8, MODIFY TTL toDateTime(received_at) + INTERVAL 3 DAY",
    gives: [
      "ALTER TABLE `v6meter`.flows_local ON CLUSTER `province` ADD COLUMN IF NOT EXISTS a UInt8, MODIFY TTL toDateTime(received_at) + INTERVAL 3 DAY",
      "ALTER TABLE `v6meter`.flows ON CLUSTER `province` ADD COLUMN IF NOT EXISTS a UInt8",
    ],
  },
  {
    says: "a filling view is asked anew within the shard, and keeps its tokens",
    sql: "ALTER TABLE flows_5m_view MODIFY QUERY SELECT count() FROM flows AS f",
    gives: [
      "RENAME TABLE IF EXISTS `v6meter`.flows_5m_view_renamed TO `v6meter`.flows_5m_view ON CLUSTER `province`",
      "ALTER TABLE `v6meter`.flows_5m_view ON CLUSTER `province` MODIFY QUERY SELECT count() FROM `v6meter`.flows_local AS f",
      "RENAME TABLE IF EXISTS `v6meter`.flows_5m_view TO `v6meter`.flows_5m_view_renamed ON CLUSTER `province`",
      "RENAME TABLE IF EXISTS `v6meter`.flows_5m_view_renamed TO `v6meter`.flows_5m_view ON CLUSTER `province`",
    ],
  },
  {
    says: "a table goes with both its halves",
    sql: "DROP TABLE IF EXISTS flows_5m",
    gives: [
      "DROP TABLE IF EXISTS `v6meter`.flows_5m ON CLUSTER `province` SYNC",
      "DROP TABLE IF EXISTS `v6meter`.flows_5m_local ON CLUSTER `province` SYNC",
    ],
  },
  {
    says: "a view goes as it is",
    sql: "DROP VIEW IF EXISTS traffic",
    gives: ["DROP VIEW IF EXISTS `v6meter`.traffic ON CLUSTER `province` SYNC"],
  },
])("$says", async ({ sql, gives }) => {
  expect(clusterStatements({ name: "0099_x", sql }, CLUSTER)).toEqual(gives);
  for (const statement of gives) expect(await formatted(statement)).toContain("ON CLUSTER province");
});

const KEEPS = "SETTINGS non_replicated_deduplication_window = 1";
test.each([
  [
    "a table without a place",
    `CREATE TABLE IF NOT EXISTS nowhere (x UInt8) ENGINE = MergeTree ORDER BY x ${KEEPS}`,
    "nowhere lies",
  ],
  ["an engine that is not known", `CREATE TABLE IF NOT EXISTS flows (x UInt8) ENGINE = Log ${KEEPS}`, "engine is Log"],
  [
    "a table that forgets tokens",
    "CREATE TABLE IF NOT EXISTS flows (x UInt8) ENGINE = MergeTree ORDER BY x",
    "non_replicated_deduplication_window",
  ],
  [
    "a clause after the settings",
    `CREATE TABLE IF NOT EXISTS flows (x UInt8) ENGINE = MergeTree ORDER BY x ${KEEPS} COMMENT 'x'`,
    "COMMENT follows",
  ],
  [
    "a replicated setting of its own",
    "CREATE TABLE IF NOT EXISTS flows (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS replicated_deduplication_window = 1",
    "itself",
  ],
  [
    "a statement that cannot be repeated",
    "CREATE TABLE flows (x UInt8) ENGINE = MergeTree ORDER BY x",
    "starts with CREATE TABLE flows",
  ],
  ["a kind of statement that is not known", "RENAME TABLE flows TO flows_old", "starts with RENAME TABLE flows"],
  ["a change that is not known", "ALTER TABLE flows DELETE WHERE tos = 1", "DELETE WHERE"],
  [
    "columns dropped and added at once",
    "ALTER TABLE flows DROP COLUMN IF EXISTS tos, ADD COLUMN IF NOT EXISTS a UInt8",
    "at once",
  ],
  ["another database", "DROP TABLE IF EXISTS other.flows", "point"],
  [
    "a view that joins",
    "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO flows_5m AS SELECT 1 FROM flows AS a JOIN ledger AS b ON 1",
    "reads 2 tables",
  ],
  ["tables joined by a comma", "CREATE VIEW IF NOT EXISTS v AS SELECT 1 FROM flows AS a, ledger AS b", "comma"],
  ["a view of a function", "CREATE VIEW IF NOT EXISTS v AS SELECT 1 FROM url('http://x')", "function url"],
  ["a table in IN", "CREATE VIEW IF NOT EXISTS v AS SELECT 1 FROM flows WHERE exporter IN exporters", "IN exporters"],
  [
    "a filling view without shards",
    "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO flows_5m AS SELECT 1 FROM migrations",
    "no shards",
  ],
  ["a quoted name", "DROP TABLE IF EXISTS `flows`", '"`"'],
  ["two statements", "DROP VIEW IF EXISTS a; DROP VIEW IF EXISTS b", '";"'],
  ["an open bracket", "CREATE TABLE IF NOT EXISTS flows (x UInt8", "open"],
])("%s is refused, with the migration's name", (_says, sql, problem) => {
  const refusal = expect.objectContaining({
    code: "STORE_INVALID",
    message: expect.stringMatching(/^sql\/migrations\/0099_x\.sql .*\.$/s),
  });
  const place = () => clusterStatements({ name: "0099_x", sql }, CLUSTER);
  expect(place).toThrow(refusal);
  expect(place).toThrow(problem);
});

test("the engine knows the settings of an insert into a cluster", async () => {
  const answer = await engine.query({
    query: "SELECT count() AS known FROM system.settings WHERE name IN {names:Array(String)}",
    query_params: { names: Object.keys(CLUSTER_INSERT_SETTINGS) },
    format: "JSONEachRow",
  });
  const [row] = await answer.json<{ known: string }>();
  expect(Number(row?.known)).toBe(Object.keys(CLUSTER_INSERT_SETTINGS).length);
});
