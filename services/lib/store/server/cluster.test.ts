import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { CLICKHOUSE_TYPES, FIELD_NAMES, FIELDS, storeConfig } from "@v6meter/schemas";
import { listMigrations } from "@v6meter/sql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER_INSERT_SETTINGS } from "../cluster/insert-settings.ts";
import { clusterDatabase, clusterStatements } from "../cluster/statements.ts";
import { ONE_BLOCK_SETTINGS } from "../insert-settings.ts";
import type { Store } from "../port.ts";
import { openServerStore } from "./server-store.ts";

interface Asked {
  readonly statement: string;
  readonly settings: URLSearchParams;
}

/** What a server of an empty cluster would answer to what a migration asks of it. */
function answerTo(statement: string): string {
  if (!statement.startsWith("DESCRIBE TABLE flows")) return "";
  const columns = FIELD_NAMES.map((name) => ({ name, type: CLICKHOUSE_TYPES[FIELDS[name].kind], comment: "" }));
  return columns.map((column) => `${JSON.stringify(column)}\n`).join("");
}

const asked: Asked[] = [];
const server = createServer(async (request, response) => {
  const { searchParams: settings } = new URL(request.url ?? "", "http://server");
  const body = await text(request);
  const statement = settings.get("query") ?? body;
  asked.push({ statement, settings });
  response.end(answerTo(statement));
});
const cluster = { cluster: "province", database: "v6meter" };
let store: Store;

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = await openServerStore({ config: storeConfig.parse({ url, cluster: "province", raw_ttl_days: 7 }) });
});
afterAll(async () => {
  await store.stop();
  server.close();
});

test("a migration of a cluster makes its database, then each migration's statements, on all of its servers", async () => {
  await store.migrate();
  const commands = asked
    .map(({ statement }) => statement.trim())
    .filter((it) => !/^(?:SELECT|DESCRIBE|INSERT)/.test(it));
  // The first makes the table that tells which were applied, so it is repeated at every start.
  const migrations = [...listMigrations().slice(0, 1), ...listMigrations()].flatMap((it) =>
    clusterStatements(it, cluster).map((sql) => sql.trim()),
  );
  expect(commands.slice(0, migrations.length + 1)).toEqual([clusterDatabase(cluster), ...migrations]);
  const settled = commands.slice(migrations.length + 1);
  expect(settled.filter((it) => !it.includes("ON CLUSTER `province`"))).toEqual([]);
  expect(settled.filter((it) => /`flows_local`|\.flows_local/.test(it) && it.includes("INTERVAL 7 DAY"))).toHaveLength(
    1,
  );
});

test("an insert into a cluster waits for every shard, as one block a shard", async () => {
  asked.length = 0;
  await store.insert({ table: "ledger", arrow: new Uint8Array(10), rows: 1, token: "a token" });
  const insert = asked.at(-1);
  expect(insert?.statement).toMatch(/^INSERT INTO ledger \(at, .*\) FORMAT ArrowStream$/);
  const settings = Object.fromEntries(insert?.settings ?? []);
  expect(settings).toMatchObject({ insert_deduplication_token: "a token", database: "v6meter" });
  for (const [name, value] of Object.entries({ ...ONE_BLOCK_SETTINGS, ...CLUSTER_INSERT_SETTINGS })) {
    expect(settings[name], name).toBe(String(value));
  }
});
