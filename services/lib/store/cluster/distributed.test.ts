import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listAnalystViews, listMigrations, sqlFile } from "@v6meter/sql";
import { Session } from "chdb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analystViewStatement } from "../analyst-views.ts";
import { ONE_BLOCK_SETTINGS } from "../insert-settings.ts";
import { CLUSTER_INSERT_SETTINGS } from "./insert-settings.ts";
import { clusterStatements } from "./statements.ts";

/*
 * The engine of this process as the only server of a cluster: Distributed tables, views and queries as they
 * are on one, with plain engines below them, as replicas and ON CLUSTER need a Keeper.
 */
const CONFIG = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <remote_servers><province><shard>
    <internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica>
  </shard></province></remote_servers>
</clickhouse>`;

const withoutKeeper = (sql: string) =>
  sql
    .replaceAll(" ON CLUSTER `province`", "")
    .replace(/Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, "$1(")
    .replace(/\breplicated_deduplication_window = (\d+), \w+ = \d+/, "non_replicated_deduplication_window = $1");

const ROWS = 600;
const NOW_S = Math.floor(Date.now() / 1_000);
/** Over two days of Asia/Shanghai at least, so that an insert has several partitions. */
const rows = Array.from({ length: ROWS }, (_, i) => ({
  received_at: (NOW_S - (i % 40) * 3_600) * 1_000,
  exporter: `192.0.2.${i % 7}`,
  src_addr: `2001:db8::${i % 50}`,
  src_port: 50_000,
  dst_port: 443,
  protocol: i % 4 === 0 ? 17 : 6,
  family: i % 3 === 0 ? 4 : 6,
  technology: "native",
  region: `2101${i % 2}0`,
  operator: "telecom",
  flow_direction: i % 2 === 0 ? "up" : "down",
  bytes: 1_000 + i,
  packets: 2,
  sampling_rate: i % 5 === 0 ? 0 : 100,
  src_as: 4_538,
  counted: 2,
  subscriber: (i % 60) * 64,
  subscriber_method: i % 60 === 0 ? "unknown" : "session",
  subscriber_prefix: (i % 90) + 1,
  access: "mobile",
  active_family: i % 2 === 0 ? (i % 3 === 0 ? 4 : 6) : 0,
}));
const sessions = Array.from({ length: 40 }, (_, i) => ({
  received_at: NOW_S * 1_000,
  event_at: (NOW_S - (i % 40) * 3_600) * 1_000,
  status_type: 1,
  session: i + 1,
  subscriber: (i + 1) * 64,
  subscriber_next: i % 2 === 0 ? i + 1 : 0,
  rotates_at: i % 2 === 0 ? NOW_S * 1_000 : 0,
  region: `2101${i % 2}0`,
  operator: "telecom",
  access: "mobile",
  framed_ip_address: `::ffff:100.64.0.${i}`,
  framed_ipv6_prefix: "240e:404::",
}));

let folder: string;
let session: Session;

const ask = (sql: string, args: Record<string, unknown> = {}) => session.queryBind(sql, args, "TSV").trim();

function insert(table: string, given: readonly object[], settings: object): void {
  const list = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  const body = given.map((row) => JSON.stringify(row)).join("\n");
  const columns = Object.keys(given[0] ?? {}).join(", ");
  session.query(`INSERT INTO ${table} (${columns}) SETTINGS ${list.join(", ")} FORMAT JSONEachRow\n${body}`);
}

const token = (name: string) => ({ ...ONE_BLOCK_SETTINGS, insert_deduplication_token: name });

const ledger = ["expected", "lost", "received"].flatMap((outcome, i) =>
  [1, 2, 3].map((exporter) => ({
    at: NOW_S - (NOW_S % 300) - 3_600,
    exporter: `192.0.2.${exporter}`,
    stage: "receive",
    outcome,
    reason: "",
    count: [1_000, 10 * exporter, 990][i],
  })),
);
const exporters = [1, 2, 1].map((exporter, i) => ({
  exporter: `192.0.2.${exporter}`,
  version: 9,
  last_seen_at: (NOW_S + i) * 1_000,
  name: `router ${i}`,
}));

const submissions = ["draft", "submitted", "accepted"].flatMap((state, i) =>
  ["telecom", "unicom"].map((unit) => ({
    series: "stb_share",
    month: "2026-10",
    unit,
    change: i + 1,
    event: `${unit} ${i}`,
    version: 1,
    state,
    at: NOW_S * 1_000 + i,
    role: "operator",
    rows: '[{"row":1,"cells":{"numerator":"1","denominator":"2"}}]',
    messages: "[]",
  })),
);
const snapshot = { month: "2026-10", version: 1, attempt: "close" };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-distributed-"));
  writeFileSync(join(folder, "config.xml"), CONFIG);
  session = new Session(join(folder, "engine"), { connectionArgs: [`--config-file=${join(folder, "config.xml")}`] });
  session.query("CREATE DATABASE v6meter");
  session.query("CREATE DATABASE plain");
  session.query("USE plain");
  for (const { sql } of listMigrations()) session.query(sql);
  session.query("USE v6meter");
  for (const migration of listMigrations()) {
    for (const sql of clusterStatements(migration, { cluster: "province", database: "v6meter" })) {
      session.query(withoutKeeper(sql));
    }
  }
  for (const database of ["plain", "v6meter"]) {
    const more = database === "plain" ? {} : CLUSTER_INSERT_SETTINGS;
    insert(`${database}.flows`, rows, { ...token("a"), ...more });
    insert(`${database}.sessions`, sessions, { ...token("a"), ...more });
    insert(`${database}.ledger`, ledger, { ...token("a"), ...more });
    insert(`${database}.exporters`, exporters, { ...token("a"), ...more });
    insert(`${database}.submissions`, submissions, { ...token("a"), ...more });
    insert(`${database}.snapshots`, [{ ...snapshot, at: NOW_S * 1_000, state: "taken" }], token("a"));
    insert(`${database}.snapshot_answers`, [{ ...snapshot, question: "/a", answer: "{}" }], token("a"));
  }
});
afterAll(() => {
  session.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a database holds: rows, and records of each roll-up. */
const held = (database: string) =>
  ["flows", "flows_5m", "flows_1h", "flows_1d", "traffic"].map((table) =>
    ask(`SELECT ${table === "flows" ? "count()" : "sum(records)"} FROM ${database}.${table}`),
  );

test("an insert into a Distributed table reaches its rows and all roll-ups, once however often it is repeated", () => {
  for (let i = 0; i < 3; i++) insert("v6meter.flows", rows, { ...token("a"), ...CLUSTER_INSERT_SETTINGS });
  expect(held("v6meter")).toEqual(Array(5).fill(String(ROWS)));
  expect(ask("SELECT engine FROM system.tables WHERE database = 'v6meter' AND name = 'flows'")).toBe("Distributed");
});

test("the analysts' views show over all shards what they show over plain tables", () => {
  for (const [database, analyst, cluster] of [
    ["plain", "analyst_plain", null],
    ["v6meter", "analyst", "province"],
  ] as const) {
    session.query(`CREATE DATABASE ${analyst}`);
    for (const view of listAnalystViews()) {
      const { statement } = analystViewStatement(view, { database, analyst, cluster });
      expect(statement.includes(" ON CLUSTER `province`")).toBe(cluster !== null);
      session.query(withoutKeeper(statement));
    }
  }
  for (const { name } of listAnalystViews()) {
    const of = (analyst: string) => ask(`SELECT count(), groupBitXor(cityHash64(*)) FROM ${analyst}.${name}`);
    expect(of("analyst"), name).toBe(of("analyst_plain"));
  }
  expect(ask("SELECT count(), sum(bytes) FROM analyst.flows")).toBe(ask("SELECT count(), sum(bytes) FROM plain.flows"));
});

test("the same rows of another token are other rows", () => {
  insert("v6meter.ledger", ledger, { ...token("b"), ...CLUSTER_INSERT_SETTINGS });
  expect(ask("SELECT sum(count) FROM v6meter.ledger")).toBe(
    String(2 * Number(ask("SELECT sum(count) FROM plain.ledger"))),
  );
  insert("plain.ledger", ledger, token("b"));
});

test.each([
  "ALTER TABLE flows ADD COLUMN IF NOT EXISTS extra UInt32 COMMENT 'one more' AFTER subscriber",
  "ALTER TABLE flows MODIFY COLUMN extra UInt64",
  "ALTER TABLE flows COMMENT COLUMN bytes 'Octets', MODIFY TTL toDateTime(received_at) + INTERVAL 9 DAY",
  "ALTER TABLE flows MODIFY SETTING non_replicated_deduplication_window = 20000",
  "ALTER TABLE flows DROP COLUMN IF EXISTS extra",
])("%s: a Distributed table follows its servers' columns", (sql) => {
  session.query("USE v6meter");
  const before = ask("DESCRIBE flows_local");
  for (const it of clusterStatements({ name: "0099_x", sql }, { cluster: "province", database: "v6meter" })) {
    session.query(withoutKeeper(it));
  }
  const columns = (table: string) =>
    ask(`SELECT name, type, comment FROM system.columns WHERE database = 'v6meter' AND table = '${table}'`);
  expect(columns("flows")).toBe(columns("flows_local"));
  if (/COLUMN/.test(sql)) expect(ask("DESCRIBE flows_local")).not.toBe(before);
});

const PARAMETERS = {
  question: "",
  range_starts: [0],
  range_operators: [""],
  asns: [0],
  as_operators: [""],
  peers_max: 30,
  faces: [""],
  face_operators: [""],
  face_points: [""],
  exporters: ["::ffff:192.0.2.1"],
  exporter_operators: ["telecom"],
  exporter_points: ["interconnect"],
  versions: [1],
  attempts: ["close"],
  most: 1,
  exporter: [],
  region: [],
  operator: [],
  access: [],
  direction: [],
  technology: [],
  observation_point: [],
  from_s: NOW_S - (NOW_S % 3_600) - 7 * 86_400,
  to_s: NOW_S - (NOW_S % 3_600) + 3_600,
  interval: "1h",
  table: "flows_1h",
  counted_least: 2,
  by_region: true,
  by_operator: true,
  by_access: false,
  by_direction: true,
  by_technology: false,
  by_observation_point: false,
  by_exporter: true,
  native_technologies: ["native"],
  v4_technologies: [],
  v6_transition_technologies: [],
  row_limit: 10_000,
  series: "stb_share",
  month: "2026-10",
  unit: "telecom",
  months: ["2026-10"],
  series_ids: [],
  units: [],
  states: ["accepted"],
  accepted_only: false,
  objects: [],
  after_month: "",
  after_series: "",
  after_unit: "",
  from: 0,
  to: 1_000,
  since_ms: 0,
  active_table: "users_1d",
  assigned_table: "assigned_1d",
  from_day: "2000-01-01",
  boundary_day: new Date(NOW_S * 1_000).toISOString().slice(0, 10),
  to_day: "2099-12-31",
  accesses: ["mobile"],
  kinds: ["v6", "v4_public", "v4_private", "active_v4", "active_v6"],
  figures: ["assigned_v6", "assigned", "active", "active_v6", "started_v4", "started_private"],
  levels: ["cell", "table", "row", "total"],
  family: [4, 6],
  by_family: true,
  thinned: ["mobile"],
  slice: "day",
  slices: ["2000-01-01"],
  one_in: [2],
  table_region: true,
  table_operator: false,
  table_access: false,
};

const queries = ["", "analysis/"].flatMap((under) =>
  readdirSync(new URL(`../../../../sql/queries/${under}`, import.meta.url))
    .filter((file) => file.endsWith(".sql"))
    .map((file) => `${under}${file}`),
);
/** Analysts' questions for faults and rarities that these rows have none of; services/query tries them with some. */
const FOUND_NOTHING = new Set(
  [
    ...["clocks-off", "dns-by-family", "drops-by-reason", "excluded-traffic", "heavy-ipv4-only-networks"],
    ...["ipv4-only-services", "silent-exporters", "transition-by-exporter", "transition-by-operator", "unknown-places"],
  ].map((name) => `analysis/${name}.sql`),
);

test.each(queries)("%s answers over Distributed tables as it does over plain ones", (file) => {
  const sql = sqlFile(`queries/${file}`);
  const names = [...sql.matchAll(/\{(\w+):/g)].map(([, name = ""]) => name);
  const args = Object.fromEntries(names.map((name) => [name, PARAMETERS[name as keyof typeof PARAMETERS]]));
  const [plain, distributed] = ["plain", "v6meter"].map((database) => {
    session.query(`USE ${database}`);
    const views = database === "plain" ? "analyst_plain." : "analyst.";
    return ask(sql.replaceAll("analyst.", views), args).split("\n").sort();
  });
  expect(plain?.join("") === "", "the rows of this test are in its answer").toBe(FOUND_NOTHING.has(file));
  expect(distributed).toEqual(plain);
});
