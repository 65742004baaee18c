import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MonitoredObject } from "@v6meter/schemas";
import { listMigrations } from "@v6meter/sql";
import type { Store } from "@v6meter/store";
import { Session } from "chdb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER_INSERT_SETTINGS } from "../store/cluster/insert-settings.ts";
import { clusterStatements } from "../store/cluster/statements.ts";
import { ONE_BLOCK_SETTINGS } from "../store/insert-settings.ts";
import { openCatalogue } from "./index.ts";
import { objectStatement } from "./object-traffic.ts";
import type { Question } from "./question.ts";
import { type Bound, describeStatement, statement } from "./statement.ts";

/*
 * As services/lib/store/cluster/distributed.test.ts: the engine of this process as the only server of a cluster, its
 * tables Distributed ones over plain engines, so that every statement is planned as on a cluster.
 */
const CONFIG = `<clickhouse>
  <tcp_port>9010</tcp_port>
  <remote_servers><province><shard>
    <internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9010</port></replica>
  </shard></province></remote_servers>
</clickhouse>`;

const withoutKeeper = (sql: string) =>
  sql
    .replaceAll(" ON CLUSTER `province`", "")
    .replace(/Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, "$1(")
    .replace(/\breplicated_deduplication_window = (\d+), \w+ = \d+/, "non_replicated_deduplication_window = $1");

const HOUR_S = 3_600;
const TO_S = Math.floor(Date.now() / 1_000 / HOUR_S) * HOUR_S + HOUR_S;
const OPERATORS = ["telecom", "mobile", "broadnet", "unknown"];
const TECHNOLOGIES = ["native", "native", "native", "6in4", "nat64", "ds_lite", "gtp_u", "special", "tunnel_unknown"];
const POINTS = ["man", "mobile_core", "backbone", "interconnect", "international", "idc", "access"];
const ACCESS = ["mobile", "fixed", "iot", "enterprise"];
const at = <T>(words: readonly T[], i: number) => words[i % words.length] as T;

const flows = Array.from({ length: 900 }, (_, i) => ({
  received_at: (TO_S - 60 - (i % 30) * HOUR_S) * 1_000,
  exporter: `192.0.2.${i % 7}`,
  src_addr: `2408:8000:${i % 9}::${i % 50}`,
  dst_addr: `240e:30c::${i % 40}`,
  src_port: i % 3 === 0 ? 53 : 443,
  dst_port: 40_000,
  src_as: 9_808,
  in_if: i % 4,
  out_if: i % 5,
  family: i % 3 === 0 ? 4 : 6,
  technology: at(TECHNOLOGIES, i),
  region: `2101${i % 2}0`,
  operator: at(OPERATORS, i),
  access: at(ACCESS, i >> 1),
  flow_direction: i % 2 === 0 ? "up" : "down",
  observation_point: at(POINTS, i),
  bytes: 1_000 + i,
  packets: 2,
  sampling_rate: i % 5 === 0 ? 0 : 100,
  counted: 2,
  subscriber: 1 + (i % 60),
  subscriber_prefix: 1 + (i % 90),
  subscriber_method: i % 6 === 0 ? "prefix" : "session",
  active_family: i % 3 === 0 ? 4 : 6,
}));
const ledger = [0, 1, 2, 3].flatMap((exporter) =>
  (["expected", "lost", "received", "dropped"] as const).flatMap((outcome, i) =>
    ["receive", "decode", "write"].map((stage) => ({
      at: TO_S - 2 * HOUR_S,
      exporter: `192.0.2.${exporter}`,
      stage,
      outcome,
      reason: "",
      count: [1_000, 10 * exporter, 990, exporter][i],
    })),
  ),
);
const sessions = Array.from({ length: 200 }, (_, i) => ({
  received_at: (TO_S - 60) * 1_000,
  event_at: (TO_S - 60 - (i % 20) * HOUR_S) * 1_000,
  status_type: 1 + (i % 3),
  session: i,
  subscriber: 1 + (i % 70),
  region: `2101${i % 2}0`,
  operator: at(OPERATORS, i),
  access: at(ACCESS, i),
  framed_ip_address: i % 2 === 0 ? "::ffff:10.1.2.3" : "::ffff:59.44.1.2",
  framed_ipv6_prefix: i % 3 === 0 ? "240e:30c:1:2::" : "::",
  delegated_ipv6_prefix: i % 4 === 0 ? "240e:30c:1:100::" : "::",
}));

let folder: string;
let session: Session;

const ask = ({ sql, params }: Bound) => session.queryBind(sql, params as Record<string, unknown>, "TSV").trim();

function insert(table: string, given: readonly object[], more: object): void {
  const settings = { ...ONE_BLOCK_SETTINGS, insert_deduplication_token: "a", ...more };
  const list = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  const columns = Object.keys(given[0] ?? {}).join(", ");
  const body = given.map((row) => JSON.stringify(row)).join("\n");
  session.query(`INSERT INTO ${table} (${columns}) SETTINGS ${list.join(", ")} FORMAT JSONEachRow\n${body}`);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-distributed-"));
  writeFileSync(join(folder, "config.xml"), CONFIG);
  session = new Session(join(folder, "engine"), { connectionArgs: [`--config-file=${join(folder, "config.xml")}`] });
  for (const database of ["plain", "v6meter"]) session.query(`CREATE DATABASE ${database}`);
  session.query("USE plain");
  for (const { sql } of listMigrations()) session.query(sql);
  session.query("USE v6meter");
  for (const migration of listMigrations())
    for (const sql of clusterStatements(migration, { cluster: "province", database: "v6meter" }))
      session.query(withoutKeeper(sql));
  for (const [database, more] of [
    ["plain", {}],
    ["v6meter", CLUSTER_INSERT_SETTINGS],
  ] as const) {
    insert(`${database}.flows`, flows, more);
    insert(`${database}.ledger`, ledger, more);
    insert(`${database}.sessions`, sessions, more);
  }
});
afterAll(() => {
  session.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An answer over plain tables and over Distributed ones. */
function both(bound: () => Bound): [string, string] {
  return ["plain", "v6meter"].map((database) => {
    session.query(`USE ${database}`);
    return ask(bound());
  }) as [string, string];
}

const { indicators, objects } = await openCatalogue({ store: {} as Store, dir: null }).current();
const measured = [...indicators.values()].filter(({ series }) => series === undefined);
const PERIOD = { fromMs: (TO_S - 48 * HOUR_S) * 1_000, toMs: TO_S * 1_000 };

test.each(measured)("$id answers over Distributed tables as it does over plain ones", (indicator) => {
  const question: Question = {
    period: PERIOD,
    by: indicator.by,
    interval: indicator.kind === "distinct" ? "1d" : "1h",
    filters: {},
  };
  const [plain, distributed] = both(() => {
    const described = ask(describeStatement(indicator)).split("\n");
    const types = Object.fromEntries(described.map((line) => line.split("\t") as [string, string]));
    return statement(indicator, question, types);
  });
  expect(plain.split("\n").length, "rows of this test are in its answer").toBeGreaterThan(1);
  expect(distributed).toEqual(plain);
});

test("objects answer over Distributed tables as they do over plain ones", () => {
  const at = { exporter: "192.0.2.1", interface: 2 };
  const named = [...objects.values()];
  const ours = [{ id: "a", match: [{ prefix: "2408:8000::/32" }, at] } as unknown as MonitoredObject, ...named];
  const question = { period: PERIOD, interval: "1d", operators: ["telecom"] } as const;
  const [plain, distributed] = both(() => objectStatement(ours, question) as Bound);
  expect(plain.split("\n").length).toBeGreaterThan(1);
  expect(distributed).toEqual(plain);
});
