import type { ClickHouseClient } from "@clickhouse/client";
import { Fault } from "@v6meter/schemas";
import { listMigrations, type Migration } from "@v6meter/sql";
import { changedView, viewChangedBy } from "./changed-view.ts";
import { type Cluster, clusterStatements } from "./cluster/statements.ts";
import { engineFault } from "./engine-fault.ts";

interface Applied {
  name: string;
  sha256: string;
}

function plainStatements({ sql }: Migration): string[] {
  const view = viewChangedBy(sql);
  return view === null ? [sql] : changedView(sql, view, (name) => name);
}

async function apply(client: ClickHouseClient, migration: Migration, cluster: Cluster | null): Promise<void> {
  const statements = cluster ? clusterStatements(migration, cluster) : plainStatements(migration);
  try {
    for (const query of statements) await client.command({ query });
  } catch (error) {
    throw engineFault(`The migration ${migration.name} failed`, error);
  }
}

async function record(client: ClickHouseClient, { name, sha256 }: Migration): Promise<void> {
  await client.command({
    query: "INSERT INTO migrations (name, sha256) SELECT {name:String}, {sha256:String}",
    query_params: { name, sha256 },
    // Never taken for a repetition of another row: the table remembers no tokens.
    clickhouse_settings: { deduplicate_insert_select: "disable" },
  });
}

/** Refuses a history that is not a beginning of ours. */
function check(history: readonly Applied[], migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, sha256 } of history) {
    const migration = known.get(name);
    if (!migration) {
      throw new Fault("STORE_INVALID", `The store was migrated by a newer version: ${name} is not known to this one.`);
    }
    if (migration.sha256 !== sha256) {
      throw new Fault(
        "MIGRATION_CHANGED",
        `sql/migrations/${name}.sql has changed since it was applied: restore it and add a new migration instead.`,
      );
    }
  }
}

/**
 * Applies the migrations that are missing, in order, and records each after it was applied. Killed in
 * between, the last one is applied again: every statement is safe to repeat. On a cluster each migration is
 * what cluster/statements.ts makes of it. Returns the names applied.
 */
export async function applyMigrations(
  client: ClickHouseClient,
  migrations: readonly Migration[] = listMigrations(),
  cluster: Cluster | null = null,
): Promise<string[]> {
  const [first] = migrations;
  if (!first) return [];
  await apply(client, first, cluster);
  const answer = await client.query({
    query: "SELECT name, sha256 FROM migrations ORDER BY name",
    format: "JSONEachRow",
  });
  const history = await answer.json<Applied>();
  check(history, migrations);

  const done = new Set(history.map(({ name }) => name));
  const missing = migrations.filter(({ name }) => !done.has(name));
  for (const migration of missing) {
    await apply(client, migration, cluster);
    await record(client, migration);
  }
  return missing.map(({ name }) => name);
}
