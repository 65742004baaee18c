import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows } from "@v6meter/batch";
import { addressBytes, FIELD_NAMES, type FieldName, type FlowBatch, storeConfig } from "@v6meter/schemas";
import type { Session } from "chdb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANALYST_ALLOWED, ANALYST_ESCAPES } from "./analyst.test-data.ts";
import { settleAnalystViews } from "./analyst-views.ts";
import { ESCAPES } from "./contract.ts";
import { type EmbeddedStore, openEmbeddedStore } from "./embedded.ts";
import { plainFlows } from "./flows.test-data.ts";

const LIMITS = { maxExecutionS: 60, maxRows: 1_000, maxMemoryBytes: 500_000_000 };
const ANALYST = { sight: "analyst" } as const;
const path = mkdtempSync(join(tmpdir(), "v6meter-analyst-"));
let store: EmbeddedStore;

const insert = (batch: FlowBatch, token: string) =>
  store.insert({ table: "flows", arrow: encodeFlows(batch, { stage: "classify" }), rows: batch.rows, token });

const ADDRESSES = [
  ["192.0.2.77", "::ffff:192.0.2.0"],
  ["100.64.1.200", "::ffff:100.64.1.0"],
  ["240e:30c:1234:5678:9abc:def0:1122:3344", "240e:30c:1234::"],
  ["2002:c000:24d:1::5", "2002:c000:200::"],
  ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:4136::"],
  ["64:ff9b::192.0.2.77", "64:ff9b::"],
] as const;

beforeAll(async () => {
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}), leastUsers: 3 });
  await store.migrate();
  const batch = plainFlows(
    ADDRESSES.map(() => Date.now()),
    ({ columns }) => {
      for (const [row, [address]] of ADDRESSES.entries()) {
        columns.src_addr.set(addressBytes(address) as Uint8Array, row * 16);
        columns.dst_addr.set(addressBytes(address) as Uint8Array, row * 16);
        columns.bytes[row * 2] = row;
        columns.src_port[row] = 50_000 + row;
        columns.dst_port[row] = 443;
        columns.subscriber[row * 2] = 4_242_424;
        columns.counted[row] = 2;
      }
    },
  );
  await insert(batch, "first");
});
afterAll(async () => {
  await store.stop();
  rmSync(path, { recursive: true, force: true });
});

/** Changes what no person may. */
async function change(statement: string): Promise<void> {
  await store.engine.write(async (session: Session) => session.queryAsync(statement));
}

const asked = async (statement: string) => (await store.raw(statement, LIMITS, ANALYST)).rows;

/** What of a flow's columns no analyst sees. */
const WITHHELD: readonly FieldName[] = [
  "src_addr",
  "dst_addr",
  "src_port",
  "dst_port",
  "next_hop",
  "outer_src_addr",
  "outer_dst_addr",
  "subscriber",
  "subscriber_prefix",
];

test("every column of a flow is either shown or withheld, and what stands for the withheld ones is there", async () => {
  const names = (await asked("DESCRIBE TABLE flows")).map(([name]) => String(name));
  const added = ["src_network", "dst_network", "service_port", "bytes_scaled", "class"];
  expect(names.filter((name) => !added.includes(name)).sort()).toEqual(
    FIELD_NAMES.filter((name) => !WITHHELD.includes(name)).sort(),
  );
  expect(names).toEqual(expect.arrayContaining(added));
});

test("addresses are cut to networks of many, and the subscriber's port is not shown", async () => {
  const rows = await asked("SELECT src_network, dst_network, service_port FROM flows ORDER BY bytes");
  expect(rows).toEqual(ADDRESSES.map(([, network]) => [network, network, 443]));
});

test("groups of fewer users than the setting says are left out, others are shown", async () => {
  const state = (bits: number) => `uniqCombined64State(${bits})(number)`;
  const active = ["6", state(17), state(14), state(14)];
  const tables = {
    users_1d: active,
    users_1mo: active,
    assigned_1d: ["'v6'", state(17), state(17)],
  };
  for (const [table, columns] of Object.entries(tables))
    for (const users of [2, 3]) {
      const keys = ["toDate('2026-05-01')", `'city ${users}'`, "'telecom'", "'mobile'"];
      await change(`INSERT INTO ${table} SELECT ${[...keys, ...columns].join(", ")} FROM numbers(${users})`);
    }
  for (const view of ["users_1d", "users_1mo", "users_assigned_1d"]) {
    const shown = await asked(`SELECT region, subscribers FROM ${view} WHERE region LIKE 'city%'`);
    expect(shown, view).toEqual([["city 3", "3"]]);
  }
});

test("every view of the analysts' database can be read", async () => {
  const views = (await asked("SHOW TABLES")).map(([name]) => String(name));
  expect(views.length).toBeGreaterThan(8);
  for (const view of views) expect(await asked(`SELECT * FROM ${view} LIMIT 1`), view).toBeInstanceOf(Array);
});

test("a second start makes no view anew, and one that is missing or of another version is made", async () => {
  const uuids = async () =>
    (await store.raw("SELECT name, uuid FROM system.tables WHERE database = 'analyst' ORDER BY name", LIMITS)).rows;
  const before = await uuids();
  await store.migrate();
  expect(await uuids()).toEqual(before);
  await change("CREATE OR REPLACE VIEW analyst.traffic AS SELECT 1 AS old COMMENT 'v6meter of before'");
  await change("DROP VIEW analyst.ledger");
  await change("CREATE VIEW analyst.retired AS SELECT 1 AS old COMMENT 'v6meter of before'");
  await change("CREATE VIEW analyst.ours AS SELECT 1 AS own");
  await store.migrate();
  expect((await uuids()).map(([name]) => name)).toEqual([...before.map(([name]) => name), "ours"].sort());
  expect((await asked("DESCRIBE TABLE traffic")).map(([name]) => name)).toContain("bytes_scaled");
  await change("DROP VIEW analyst.ours");
});

test("a user who may not make the views is told what to grant, and any other error stays what it is", async () => {
  const failing = (code: string) => {
    const error = Object.assign(new Error("Not enough privileges."), { code, type: "ACCESS_DENIED" });
    return { query: async () => ({ json: async () => [] }), command: () => Promise.reject(error) } as never;
  };
  const place = { database: "v6meter", analyst: "analyst" };
  await expect(settleAnalystViews(failing("497"), place)).rejects.toMatchObject({
    code: "STORE_REFUSED",
    message: expect.stringContaining("grant it CREATE DATABASE, CREATE VIEW and DROP VIEW ON analyst.*, or set null"),
  });
  await expect(settleAnalystViews(failing("241"), place)).rejects.toMatchObject({ code: "241" });
  await settleAnalystViews(failing("497"), { ...place, analyst: null });
});

describe("an analyst's statement", () => {
  test.each(ANALYST_ALLOWED)("%s is answered", async (statement) => {
    expect(await asked(statement)).toBeInstanceOf(Array);
  });

  test.each(ANALYST_ESCAPES)("%j is refused", async (statement) => {
    await expect(asked(statement)).rejects.toMatchObject({ code: "QUERY_REFUSED" });
  });

  test.each(ESCAPES)("that %s is refused", async (_, statement) => {
    await expect(asked(statement)).rejects.toMatchObject({ code: "QUERY_REFUSED" });
  });

  test("of the escapes, those to other tables are right statements, which somebody who sees all may ask", async () => {
    const ran: string[] = [];
    for (const statement of ANALYST_ESCAPES.filter((it) => /default|system|information_schema/i.test(it))) {
      await store.raw(statement, LIMITS).then(
        () => ran.push(statement),
        () => undefined,
      );
    }
    expect(ran.length).toBeGreaterThan(45);
    expect(ran).toEqual(
      expect.arrayContaining(["SELECT (SELECT max(subscriber) FROM default.flows)", "SHOW TABLES FROM system"]),
    );
  });

  test("does not reach a table of one column by IN, which names tables as it names columns", async () => {
    await change("CREATE TABLE default.secret (a UInt8) ENGINE = Memory");
    const ways = [
      "1 IN default.secret",
      "1 NOT IN (default.secret)",
      "in(1, default.secret)",
      "1 GLOBAL IN `default`.secret",
    ];
    for (const way of ways) {
      expect((await store.raw(`SELECT ${way}`, LIMITS)).rows, way).toHaveLength(1);
      await expect(asked(`SELECT ${way}`), way).rejects.toMatchObject({ message: /allowed are the views/ });
    }
    await expect(asked("SELECT 1 IN secret")).rejects.toMatchObject({ code: "QUERY_REFUSED" });
    await change("DROP TABLE default.secret");
  });

  test("is told what is allowed", async () => {
    await expect(asked("SELECT * FROM default.flows")).rejects.toMatchObject({
      message: "default.flows: allowed are the views of analyst.",
    });
    await expect(asked("SELECT * FROM sessions")).rejects.toMatchObject({ code: "QUERY_REFUSED" });
  });

  test("meets a function that somebody added, and does not get to what is behind it", async () => {
    await change("CREATE FUNCTION leak AS x -> (SELECT max(subscriber) FROM default.flows)");
    await expect(asked("SELECT arrayMap(leak, [1])")).rejects.toMatchObject({
      message: /The name leak is not allowed/,
    });
    await expect(asked("SELECT leak(1)")).rejects.toMatchObject({ message: "The function leak is not allowed." });
    await change("DROP FUNCTION leak");
  });

  test("cannot name a database whose name holds a point or a line end", async () => {
    for (const statement of [
      "SELECT * FROM `analyst.flows`.`x`",
      "SELECT * FROM `analyst.`.flows",
      "SELECT * FROM `default\n`.flows",
      "SELECT 1 IN `x\nTableIdentifier analyst`.flows, 1 IN default.flows",
      "SELECT `analyst\n`.x, 1 IN default.flows FROM flows AS `analyst\n`",
    ]) {
      await expect(asked(statement), statement).rejects.toMatchObject({ code: "QUERY_REFUSED" });
    }
  });
});

test("without a database for analysts they have no statements, and no view is made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-analyst-none-"));
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  // One process has one engine.
  const child = join(import.meta.dirname, "analyst.test-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [child, folder]);
  expect(JSON.parse(stdout)).toEqual({
    databases: [],
    refused: expect.stringContaining("store.analyst_database: null"),
  });
  rmSync(folder, { recursive: true, force: true });
});

describe("a runaway statement", () => {
  const RUNAWAY = "SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1";
  const running = async () =>
    (
      await store.raw(
        "SELECT count() FROM system.processes WHERE query LIKE '%100000000000%' AND query NOT LIKE '%processes%'",
        LIMITS,
      )
    ).rows[0]?.[0];

  test("ends when its client goes away, while what is inserted is stored", async () => {
    const gone = new AbortController();
    const answer = store.raw(RUNAWAY, LIMITS, { ...ANALYST, signal: gone.signal }).catch((error: unknown) => error);
    while ((await running()) === "0") await sleep(20);
    for (let i = 0; i < 5; i++) await insert(plainFlows([Date.now()]), `beside ${i}`);
    const { rows } = await store.raw("SELECT count() FROM flows", LIMITS);
    expect(rows).toEqual([[String(ADDRESSES.length + 5)]]);
    expect(await running()).toBe("1");
    gone.abort();
    expect(await answer).toMatchObject({
      code: "QUERY_REFUSED",
      message: expect.stringContaining("QUERY_WAS_CANCELLED"),
    });
    // The engine takes a statement off its list shortly after it has answered.
    while ((await running()) !== "0") await sleep(20);
  });

  test("ends at its limit of time", async () => {
    await expect(store.raw(RUNAWAY, { ...LIMITS, maxExecutionS: 1 }, ANALYST)).rejects.toMatchObject({
      code: "QUERY_REFUSED",
      message: expect.stringContaining("TIMEOUT_EXCEEDED"),
    });
  });

  test("whose client was gone before its turn does not run", async () => {
    await expect(store.raw(RUNAWAY, LIMITS, { ...ANALYST, signal: AbortSignal.abort() })).rejects.toMatchObject({
      message: expect.stringContaining("went away"),
    });
  });
});
