import type { Migration } from "@v6meter/sql";
import { changedView } from "../changed-view.ts";
import { PLACEMENTS, type Placement } from "./placement.ts";
import { Statement } from "./statement.ts";
import type { Token } from "./tokens.ts";

/** A cluster of ClickHouse and the database on each of its servers. */
export interface Cluster {
  /** As `remote_servers` of the servers names it; `internal_replication` must be on. */
  readonly cluster: string;
  readonly database: string;
}

/**
 * How long a replicated table remembers a token. The engine's default is an hour, but a cut whose end nobody
 * saw is repeated when its classifier is back, which may be days later; Kafka keeps it for three by default.
 */
const TOKEN_MEMORY_S = 30 * 86_400;

const ENGINES = ["MergeTree", "SummingMergeTree", "ReplacingMergeTree", "AggregatingMergeTree"];
const TABLE_CLAUSES = ["PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL"];

/** Changes of the columns, which a Distributed table must follow; each is safe to repeat. */
const COLUMN_CHANGES = ["ADD COLUMN IF NOT EXISTS", "DROP COLUMN IF EXISTS", "MODIFY COLUMN", "COMMENT COLUMN"];
/** Changes of how rows are stored, which are none of a Distributed table's business. */
const STORAGE_CHANGES = [
  "MODIFY TTL",
  "MODIFY SETTING",
  "MODIFY ORDER BY",
  "ADD INDEX IF NOT EXISTS",
  "DROP INDEX IF EXISTS",
  "MATERIALIZE INDEX",
  "ADD PROJECTION IF NOT EXISTS",
  "DROP PROJECTION IF EXISTS",
  "MATERIALIZE PROJECTION",
];
const ALTER_VERBS = ["ADD", "DROP", "MODIFY", "COMMENT", "MATERIALIZE", "RENAME", "CLEAR", "RESET", "UPDATE", "DELETE"];

/** Makes the database on every server of the cluster, where it is missing. */
export function clusterDatabase({ cluster, database }: Cluster): string {
  return `CREATE DATABASE IF NOT EXISTS ${name(database)} ON CLUSTER ${name(cluster)}`;
}

/**
 * What a migration is on a cluster, in order, each safe to repeat. A table `X` becomes `X_local`, replicated
 * within each shard, and a Distributed `X` over the shards; views that fill tables work within a shard, views
 * to read from work over all. Throws STORE_INVALID at a statement, an engine or a table it does not know.
 */
export function clusterStatements(migration: Pick<Migration, "name" | "sql">, cluster: Cluster): string[] {
  const statement = new Statement(migration);
  if (statement.accept("CREATE TABLE IF NOT EXISTS")) return createTable(statement, cluster);
  if (statement.accept("CREATE MATERIALIZED VIEW IF NOT EXISTS")) return createFillingView(statement, cluster);
  if (statement.accept("CREATE VIEW IF NOT EXISTS")) return createReadingView(statement, cluster);
  if (statement.accept("ALTER TABLE")) return alterTable(statement, cluster, migration);
  if (statement.accept("DROP TABLE IF EXISTS")) return dropTable(statement, cluster);
  if (statement.accept("DROP VIEW IF EXISTS")) return dropView(statement, cluster);
  const start = [0, 1, 2].map((i) => statement.peek(i)?.text ?? "").join(" ");
  return statement.refuse(`it starts with ${start}, not CREATE, ALTER or DROP of a table or view, IF (NOT) EXISTS`);
}

/** The table whose rows lie on a server itself, under its name on a cluster. */
export function localTable(table: string): string {
  return PLACEMENTS[table]?.on === "every server" ? table : `${table}_local`;
}

function createTable(statement: Statement, cluster: Cluster): string[] {
  const table = statement.name();
  const placement = placementOf(statement, table);
  statement.replace(table, onCluster(localTable(table.text), cluster));
  statement.brackets();
  replicate(statement, table.text, placement);
  tableClauses(statement, placement);
  const local = statement.render();
  if (placement.on === "every server") return [local];
  const by = placement.by === null ? "" : `, ${placement.by}`;
  const over = [cluster.cluster, cluster.database, localTable(table.text)].map(string).join(", ");
  return [
    local,
    `CREATE TABLE IF NOT EXISTS ${onCluster(table.text, cluster)} AS ${qualified(localTable(table.text), cluster)}\n` +
      `ENGINE = Distributed(${over}${by})`,
  ];
}

/** `ENGINE = X(…)` becomes `ENGINE = ReplicatedX(path in Keeper, name of the replica, …)`. */
function replicate(statement: Statement, table: string, placement: Placement): void {
  statement.expect("ENGINE =");
  const engine = statement.name();
  if (!ENGINES.includes(engine.text)) {
    statement.refuse(`its engine is ${engine.text}, not one of ${ENGINES.join(", ")}`);
  }
  const shard = placement.on === "every server" ? "every_server" : "{shard}";
  const replica = placement.on === "every server" ? "{shard}-{replica}" : "{replica}";
  const path = `'/clickhouse/tables/${shard}/{database}/${localTable(table)}', '${replica}'`;
  statement.replace(engine, `Replicated${engine.text}`);
  if (statement.peek()?.text !== "(") {
    statement.insertAfter(engine, `(${path})`);
    return;
  }
  const { open, close } = statement.brackets();
  statement.insertAfter(open, close.at === open.end ? path : `${path}, `);
}

/** Reads what follows the engine; the memory of tokens is called otherwise in a replicated table. */
function tableClauses(statement: Statement, placement: Placement): void {
  let remembers = false;
  while (!statement.done) {
    if (statement.accept("SETTINGS")) {
      remembers = settings(statement);
      if (!statement.done) statement.refuse(`${statement.take().text} follows its SETTINGS`);
      break;
    }
    if (!TABLE_CLAUSES.some((clause) => statement.accept(clause))) {
      statement.refuse(`${statement.take().text} begins none of ${TABLE_CLAUSES.join(", ")}, SETTINGS`);
    }
    while (!statement.done && !startsClause(statement)) statement.take();
  }
  if (placement.on === "shards" && !remembers) statement.refuse("it sets no non_replicated_deduplication_window");
}

function startsClause(statement: Statement): boolean {
  return statement.peek()?.depth === 0 && [...TABLE_CLAUSES, "SETTINGS"].some((clause) => statement.startsWith(clause));
}

/** Reads `name = value, …`; tells whether the memory of tokens was among them. */
function settings(statement: Statement): boolean {
  let remembers = false;
  do {
    const setting = statement.name();
    statement.expect("=");
    const value = statement.take();
    if (setting.text === "non_replicated_deduplication_window") {
      remembers = true;
      statement.replace(setting, "replicated_deduplication_window");
      statement.insertAfter(value, `, replicated_deduplication_window_seconds = ${TOKEN_MEMORY_S}`);
    } else if (setting.text.includes("replicated_")) {
      statement.refuse(`it sets ${setting.text} itself`);
    }
  } while (statement.peek()?.text === "," && isSetting(statement) && statement.accept(","));
  return remembers;
}

const isSetting = (statement: Statement) => statement.peek(2)?.text === "=";

function createFillingView(statement: Statement, cluster: Cluster): string[] {
  const view = statement.name();
  statement.replace(view, onCluster(view.text, cluster));
  statement.expect("TO");
  const target = statement.name();
  sharded(statement, target);
  statement.replace(target, qualified(localTable(target.text), cluster));
  statement.expect("AS");
  fillingSelect(statement, cluster);
  return [statement.render()];
}

/** A view reads what is inserted into one table of its shard; a second table would be read in part. */
function fillingSelect(statement: Statement, cluster: Cluster): void {
  const sources = tablesOfSelect(statement);
  if (sources.length !== 1) statement.refuse(`its view reads ${sources.length} tables, not one`);
  for (const source of sources) {
    sharded(statement, source);
    statement.replace(source, qualified(localTable(source.text), cluster));
  }
}

function createReadingView(statement: Statement, cluster: Cluster): string[] {
  const view = statement.name();
  statement.replace(view, onCluster(view.text, cluster));
  statement.expect("AS");
  for (const source of tablesOfSelect(statement)) {
    placementOf(statement, source);
    statement.replace(source, qualified(source.text, cluster));
  }
  return [statement.render()];
}

/** The tables a SELECT reads: what follows FROM and JOIN, except what is in brackets. */
function tablesOfSelect(statement: Statement): Token[] {
  if (!statement.startsWith("SELECT")) statement.refuse("no SELECT follows AS");
  const tables: Token[] = [];
  while (!statement.done) {
    const word = statement.take();
    const next = statement.peek();
    if (word.text === "IN" && next?.kind === "word") statement.refuse(`IN ${next.text} may be a table`);
    if ((word.text !== "FROM" && word.text !== "JOIN") || next?.text === "(") continue;
    const table = statement.name();
    if (statement.peek()?.text === "(") statement.refuse(`it reads from the function ${table.text}`);
    tables.push(table);
    if (statement.accept("AS")) statement.name();
    if (statement.peek()?.text === ",") statement.refuse("a comma joins its tables");
  }
  return tables;
}

interface Change {
  readonly kind: "column" | "storage";
  /** As in the statement. */
  readonly text: string;
}

function alterTable(statement: Statement, cluster: Cluster, { sql }: Pick<Migration, "sql">): string[] {
  const table = statement.name();
  if (statement.accept("MODIFY QUERY")) {
    statement.replace(table, onCluster(table.text, cluster));
    fillingSelect(statement, cluster);
    const named = (view: string) => qualified(view, cluster);
    return changedView(statement.render(), table.text, named, ` ON CLUSTER ${name(cluster.cluster)}`);
  }
  const placement = placementOf(statement, table);
  const changes = changesOf(statement, sql);
  statement.replace(table, onCluster(localTable(table.text), cluster));
  const columns = changes.filter(({ kind }) => kind === "column").map(({ text }) => text);
  if (columns.length === 0 || placement.on === "every server") return [statement.render()];
  const distributed = `ALTER TABLE ${onCluster(table.text, cluster)} ${columns.join(", ")}`;
  // The Distributed table never has a column that its servers lack.
  const drops = columns.some((text) => text.startsWith("DROP"));
  if (drops && columns.some((text) => !text.startsWith("DROP")))
    statement.refuse("it drops and changes columns at once");
  return drops ? [distributed, statement.render()] : [statement.render(), distributed];
}

/** Reads `ALTER TABLE t` CHANGE, CHANGE …: a comma parts changes where a verb follows it. */
function changesOf(statement: Statement, sql: string): Change[] {
  const changes: Change[] = [];
  do {
    const start = statement.peek()?.at ?? sql.length;
    const kind = changeKind(statement);
    let end = start;
    if (kind.setting) settings(statement);
    while (!statement.done && !startsChange(statement)) end = statement.take().end;
    changes.push({ kind: kind.kind, text: sql.slice(start, end) });
  } while (statement.accept(","));
  return changes;
}

function changeKind(statement: Statement): { kind: Change["kind"]; setting: boolean } {
  if (COLUMN_CHANGES.some((words) => statement.accept(words))) return { kind: "column", setting: false };
  if (statement.accept("MODIFY SETTING")) return { kind: "storage", setting: true };
  if (STORAGE_CHANGES.some((words) => statement.accept(words))) return { kind: "storage", setting: false };
  return statement.refuse(
    `its change ${statement.peek()?.text ?? ""} ${statement.peek(1)?.text ?? ""} is none of ${[...COLUMN_CHANGES, ...STORAGE_CHANGES].join(", ")}`,
  );
}

function startsChange(statement: Statement): boolean {
  const comma = statement.peek();
  return comma?.text === "," && comma.depth === 0 && ALTER_VERBS.includes(statement.peek(1)?.text ?? "");
}

/** SYNC, so that the path in Keeper is free for a table of the same name. */
function dropTable(statement: Statement, cluster: Cluster): string[] {
  const table = statement.name();
  const placement = placementOf(statement, table);
  if (!statement.done) statement.refuse(`${statement.take().text} follows the table`);
  const names = placement.on === "every server" ? [table.text] : [table.text, localTable(table.text)];
  return names.map((it) => `DROP TABLE IF EXISTS ${onCluster(it, cluster)} SYNC`);
}

function dropView(statement: Statement, cluster: Cluster): string[] {
  const view = statement.name();
  if (!statement.done) statement.refuse(`${statement.take().text} follows the view`);
  return [`DROP VIEW IF EXISTS ${onCluster(view.text, cluster)} SYNC`];
}

function placementOf(statement: Statement, { text }: Token): Placement {
  const placement = Object.hasOwn(PLACEMENTS, text) ? PLACEMENTS[text] : undefined;
  return placement ?? statement.refuse(`services/lib/store/cluster/placement.ts does not say where ${text} lies`);
}

function sharded(statement: Statement, table: Token): void {
  if (placementOf(statement, table).on !== "shards")
    statement.refuse(`its view uses ${table.text}, which has no shards`);
}

const name = (text: string) => `\`${text.replaceAll(/[\\`]/g, "\\$&")}\``;
const string = (text: string) => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
const qualified = (table: string, { database }: Cluster) => `${name(database)}.${table}`;
const onCluster = (table: string, cluster: Cluster) =>
  `${qualified(table, cluster)} ON CLUSTER ${name(cluster.cluster)}`;
