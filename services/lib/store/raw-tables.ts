import type { ClickHouseClient } from "@clickhouse/client";
import { CLICKHOUSE_TYPES, Fault, FIELD_NAMES, FIELDS, type FieldName } from "@v6meter/schemas";
import { PLACEMENTS } from "./cluster/placement.ts";
import { type Cluster, clusterStatements, localTable } from "./cluster/statements.ts";
import { quoted } from "./person-statement.ts";

interface Column {
  name: string;
  type: string;
  comment: string;
}

/** Tables whose rows hold addresses and expire. */
type RawTable = "flows" | "sessions";

/** Changes a table: on one server as told, on a cluster at every one of its servers. */
async function alterTable(
  client: ClickHouseClient,
  table: string,
  changes: string,
  cluster: Cluster | null,
): Promise<void> {
  const sql = `ALTER TABLE ${table} ${changes}`;
  for (const query of cluster ? clusterStatements({ name: table, sql }, cluster) : [sql]) {
    await client.command({ query, clickhouse_settings: { mutations_sync: "1" } });
  }
}

/** Throws STORE_INVALID where the columns of `flows` are not those of the field table; comments them with its docs. */
async function checkColumns(client: ClickHouseClient, cluster: Cluster | null): Promise<void> {
  const answer = await client.query({ query: "DESCRIBE TABLE flows", format: "JSONEachRow" });
  const columns = await answer.json<Column>();
  const found = columns.map(({ name, type }) => `${name} ${type}`);
  const expected = FIELD_NAMES.map((name) => `${name} ${CLICKHOUSE_TYPES[FIELDS[name].kind]}`);
  const at = expected.findIndex((column, i) => column !== found[i]);
  if (at !== -1 || found.length !== expected.length) {
    const position = at === -1 ? expected.length : at;
    throw new Fault(
      "STORE_INVALID",
      `Column ${position + 1} of the table flows is ${found[position] ?? "missing"}, not ${expected[position] ?? "absent"}.`,
    );
  }
  const stale = columns.filter(({ name, comment }) => FIELDS[name as FieldName].doc !== comment);
  if (stale.length === 0) return;
  const changes = stale.map(({ name }) => `COMMENT COLUMN ${name} ${quoted(FIELDS[name as FieldName].doc)}`);
  await alterTable(client, "flows", changes.join(", "), cluster);
}

/** Makes rows of a table expire after so many days, where they do not yet. */
async function setExpiry(
  client: ClickHouseClient,
  table: RawTable,
  days: number,
  cluster: Cluster | null,
): Promise<void> {
  const answer = await client.query({
    query:
      "SELECT create_table_query AS ddl FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
    query_params: { table: cluster ? localTable(table) : table },
    format: "JSONEachRow",
  });
  const [found] = await answer.json<{ ddl: string }>();
  if (found?.ddl.includes(`TTL toDateTime(received_at) + toIntervalDay(${days})`)) return;
  await alterTable(client, table, `MODIFY TTL toDateTime(received_at) + INTERVAL ${days} DAY`, cluster);
}

/**
 * Merges build no statistics of columns, which nothing here asks for: they were half of what merges cost
 * (infra/bench/NOTES.md). Servers that do not build any know no such setting.
 */
async function leaveOutStatistics(client: ClickHouseClient): Promise<void> {
  const answer = await client.query({
    query: `SELECT name FROM system.tables
      WHERE database = currentDatabase() AND name IN {tables:Array(String)}
        AND position(create_table_query, 'auto_statistics_types') = 0
        AND (SELECT count() FROM system.merge_tree_settings WHERE name = 'auto_statistics_types') = 1`,
    query_params: { tables: Object.keys(PLACEMENTS) },
    format: "JSONEachRow",
  });
  for (const { name } of await answer.json<{ name: string }>())
    await alterTable(client, name, "MODIFY SETTING auto_statistics_types = ''", null);
}

/** Brings the migrated tables in line with the field table, and what expires with the settings. */
export async function settleTables(
  client: ClickHouseClient,
  settings: { rawTtlDays: number; cluster?: Cluster | null },
): Promise<void> {
  const { rawTtlDays, cluster = null } = settings;
  await checkColumns(client, cluster);
  await setExpiry(client, "flows", rawTtlDays, cluster);
  await setExpiry(client, "sessions", rawTtlDays, cluster);
  if (!cluster) await leaveOutStatistics(client);
}
