import { encodeFlows, encodeFlowsStream, encodeTable } from "@v6meter/batch";
import {
  addressBytes,
  CLICKHOUSE_TYPES,
  createFlowBatch,
  FIELD_NAMES,
  FIELDS,
  type FlowBatch,
  SESSION_FIELD_NAMES,
  SESSION_FIELDS,
  setU64,
} from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineQuery } from "./define-query.ts";
import { mixedFlows, plainFlows } from "./flows.test-data.ts";
import { INSERT_COLUMNS } from "./insert-columns.ts";
import type { Store } from "./port.ts";
import { booksOf, expectRollupsEqualRecount } from "./rollup-recount.test-data.ts";

const LIMITS = { maxExecutionS: 20, maxRows: 1_000, maxMemoryBytes: 500_000_000 };

/** Noon in Shanghai, yesterday: rows around it do not expire while a test runs. */
const NOON_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000 + 4 * 3_600_000;

function insertFlows(store: Store, batch: FlowBatch, token: string): Promise<void> {
  return store.insert({ table: "flows", arrow: encodeFlows(batch, { stage: "classify" }), rows: batch.rows, token });
}

/** One value of one row. */
async function value(store: Store, statement: string): Promise<unknown> {
  const { rows } = await store.raw(statement, LIMITS);
  return rows[0]?.[0];
}

/** Statements that reach outside the tables, change something or lift a limit. */
export const ESCAPES: readonly (readonly [says: string, statement: string])[] = [
  ["reads a file", "SELECT * FROM file('/etc/hostname', 'LineAsString')"],
  ["reads a file by the function", "SELECT file('/etc/hostname')"],
  ["reads a file in a subquery", "SELECT * FROM (SELECT file('/etc/hostname') AS a) WHERE a != ''"],
  ["reads a file in a WITH", "WITH (SELECT file('/etc/hostname')) AS a SELECT a"],
  ["reads a file by a name in capitals", "SELECT FILE('/etc/hostname')"],
  ["reads a file behind a comment", "SELECT /* it's */ 1, file/**/('/etc/hostname') -- numbers"],
  ["reads a file by APPLY", "SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS p)"],
  ["reads a file by APPLY of columns", "SELECT COLUMNS('p') APPLY file FROM (SELECT '/etc/hostname' AS p)"],
  ["reads a file by APPLY of a lambda", "SELECT t.* APPLY(x -> file(x)) FROM (SELECT '/etc/hostname' AS p) AS t"],
  ["reads a file by APPLY in an EXPLAIN", "EXPLAIN SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS p)"],
  ["reads a file by a function's name", "SELECT arrayMap(file, ['/etc/hostname'])"],
  ["reads a file by a function's quoted name", "SELECT arrayMap(`FILE`, ['/etc/hostname'])"],
  ["reads a file by another name of the function", "WITH file AS g SELECT arrayMap(g, ['/etc/hostname'])"],
  ["reads a file's schema", "DESCRIBE TABLE file('/etc/hostname', 'CSV')"],
  ["explains a reading of a file", "EXPLAIN SELECT * FROM file('/etc/hostname', 'LineAsString')"],
  ["reads a folder", "SELECT * FROM filesystem('/etc')"],
  ["reads an SQLite file", "SELECT * FROM sqlite('/tmp/x.db', 't')"],
  ["calls a web server", "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a String')"],
  ["calls an object store", "SELECT * FROM s3('http://127.0.0.1:9/bucket/key', 'CSV', 'a String')"],
  ["calls another server", "SELECT * FROM remote('127.0.0.1:9', system.one)"],
  ["calls another server for a column", "SELECT hasColumnInTable('127.0.0.1:9', 'u', 'p', 'd', 't', 'c')"],
  ["calls MySQL", "SELECT * FROM mysql('127.0.0.1:9', 'd', 't', 'u', 'p')"],
  ["calls PostgreSQL", "SELECT * FROM postgresql('127.0.0.1:9', 'd', 't', 'u', 'p')"],
  ["runs a program", "SELECT * FROM executable('id', 'TSV', 'a String')"],
  ["reads an insert's data", "SELECT * FROM input('a String')"],
  ["reads tables by a pattern", "SELECT * FROM merge(currentDatabase(), '.*')"],
  ["asks a model", "SELECT aiGenerate('m', 'p')"],
  ["asks the name server", "SELECT reverseDNSQuery('192.0.2.1')"],
  ["inserts", "INSERT INTO ledger (at) VALUES (now())"],
  ["inserts what it selects", "INSERT INTO ledger SELECT * FROM ledger"],
  ["writes a file", "INSERT INTO FUNCTION file('/tmp/v6meter-escape.csv', 'CSV', 'a Int8') SELECT 1"],
  ["writes a file by INTO OUTFILE", "SELECT 1 INTO OUTFILE '/tmp/v6meter-escape.csv'"],
  ["writes a file from a SHOW CREATE", "SHOW CREATE TABLE flows INTO OUTFILE '/tmp/v6meter-escape.csv'"],
  ["writes a file from a SHOW TABLES", "SHOW TABLES INTO OUTFILE '/tmp/v6meter-escape.csv'"],
  ["writes a file from an EXISTS", "EXISTS TABLE flows INTO OUTFILE '/tmp/v6meter-escape.csv'"],
  ["writes a file from an EXPLAIN", "EXPLAIN SELECT 1 INTO OUTFILE '/tmp/v6meter-escape.csv'"],
  ["chooses a format", "SELECT 1 FORMAT CSV"],
  ["chooses a format of a listing", "SHOW TABLES FORMAT CSV"],
  ["stacks statements", "SELECT 1; SELECT 2"],
  ["stacks a statement behind a comment", "SELECT 1 -- ;\n; DROP TABLE flows"],
  ["stacks a SET", "SET readonly = 0; SELECT 1"],
  ["sets", "SET max_threads = 8"],
  ["lifts readonly", "SELECT 1 SETTINGS readonly = 0"],
  ["lifts a limit", "SELECT 1 SETTINGS max_execution_time = 0"],
  ["lifts a limit in a subquery", "SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)"],
  ["creates", "CREATE TABLE escape (a Int8) ENGINE = Memory"],
  ["creates for the session", "CREATE TEMPORARY TABLE escape (a Int8)"],
  ["creates a function", "CREATE FUNCTION escape AS (x) -> x"],
  [
    "creates a dictionary",
    "CREATE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(FILE(path '/etc/hostname' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
  ],
  ["drops", "DROP TABLE flows"],
  ["truncates", "TRUNCATE TABLE flows"],
  ["alters", "ALTER TABLE flows DELETE WHERE 1"],
  ["deletes", "DELETE FROM flows WHERE 1"],
  ["renames", "RENAME TABLE flows TO f"],
  ["optimizes", "OPTIMIZE TABLE flows FINAL"],
  ["attaches", "ATTACH TABLE escape FROM '/tmp' (a Int8) ENGINE = File(CSV)"],
  ["backs up", "BACKUP TABLE flows TO File('/tmp/v6meter-escape')"],
  ["grants", "GRANT ALL ON *.* TO default"],
  ["commands the server", "SYSTEM STOP MERGES"],
  ["kills", "KILL QUERY WHERE 1"],
  ["moves to another database", "USE system"],
  ["is nothing", ""],
  ["is only a comment", "-- nothing"],
  ["is not SQL", "give me the traffic"],
  ["hides its end behind a NUL", "SELECT 1\0"],
];

/**
 * What every store is: the suite that an adapter passes. `open` gives a store on an empty database,
 * migrated; it is stopped by the suite.
 */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`store: ${name}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.stop());

    test("it answers", () => store.ping());

    test("the table flows is the field table: names, types, order and docs", async () => {
      const { columns, rows } = await store.raw("DESCRIBE TABLE flows", LIMITS);
      const at = (column: string) => columns.findIndex((it) => it.name === column);
      expect(rows.map((row) => [row[at("name")], row[at("type")], row[at("comment")]])).toEqual(
        FIELD_NAMES.map((field) => [field, CLICKHOUSE_TYPES[FIELDS[field].kind], FIELDS[field].doc]),
      );
    });

    test.each(["sessions", "ledger", "exporters", "snapshots", "snapshot_answers"] as const)(
      "an insert brings every column of %s",
      async (table) => {
        const { columns, rows } = await store.raw(`DESCRIBE TABLE ${table}`, LIMITS);
        const made = columns.findIndex(({ name }) => name === "default_type");
        const brought = rows.filter((row) => row[made] !== "MATERIALIZED");
        expect(brought.map(([column]) => column)).toEqual(INSERT_COLUMNS[table]);
      },
    );

    test("the table sessions has the types of the table of session events", async () => {
      const { rows } = await store.raw("DESCRIBE TABLE sessions", LIMITS);
      const types = SESSION_FIELD_NAMES.map((name) => [name, CLICKHOUSE_TYPES[SESSION_FIELDS[name].kind]]);
      expect(rows.map(([name, type]) => [name, type]).slice(0, types.length)).toEqual(types);
    });

    test("migrating again changes nothing", async () => {
      const applied = async () =>
        (await store.raw("SELECT name, sha256, applied_at FROM migrations ORDER BY name", LIMITS)).rows;
      const before = await applied();
      await store.migrate();
      expect(await applied()).toEqual(before);
    });

    test("every column comes back as it went in, 64 bits wide", async () => {
      const batch = createFlowBatch(2);
      batch.rows = 2;
      batch.labels = { ...batch.labels, region: ["unknown", "210100"], operator: ["unknown", "它"] };
      setU64(batch.columns.received_at, 0, NOON_MS + 1);
      setU64(batch.columns.received_at, 1, NOON_MS + 2);
      batch.columns.bytes.fill(0xffff_ffff, 0, 2);
      setU64(batch.columns.packets, 0, Number.MAX_SAFE_INTEGER);
      batch.columns.sampling_rate[0] = 0xffff_ffff;
      batch.columns.src_addr.set(addressBytes("192.0.2.7") as Uint8Array, 0);
      // Sixteen bytes that are also a text of an address: an address is its bytes, never parsed.
      batch.columns.src_addr.set(Buffer.from("2001:db8::abcd:1"), 16);
      batch.columns.exporter.set(addressBytes("2001:db8:ff::77") as Uint8Array, 0);
      batch.columns.exporter.set(addressBytes("2001:db8:ff::77") as Uint8Array, 16);
      batch.columns.region[0] = 1;
      batch.columns.operator[0] = 1;
      await insertFlows(store, batch, "columns");
      const { rows } = await store.raw(
        `SELECT toUnixTimestamp64Milli(received_at), bytes, packets, sampling_rate, toString(src_addr), region, operator
         FROM flows WHERE exporter = toIPv6('2001:db8:ff::77') ORDER BY received_at`,
        LIMITS,
      );
      expect(rows).toEqual([
        [
          String(NOON_MS + 1),
          "18446744073709551615",
          "9007199254740991",
          4_294_967_295,
          "::ffff:192.0.2.7",
          "210100",
          "它",
        ],
        [String(NOON_MS + 2), "0", "0", 0, "3230:3031:3a64:6238:3a3a:6162:6364:3a31", "unknown", "unknown"],
      ]);
    });

    test("rollups by five minutes, hour and day equal a recount of the rows by every dimension", async () => {
      for (const [i, fromMs] of [NOON_MS, NOON_MS + 290_000, NOON_MS + 3_590_000].entries()) {
        await insertFlows(store, mixedFlows({ rows: 5_000, seed: i, fromMs, spanMs: 20_000 }), `mix ${i}`);
      }
      expect(Number(await value(store, "SELECT count() FROM flows"))).toBeGreaterThanOrEqual(15_000);
      await expectRollupsEqualRecount(store);
    });

    test("a repeated token changes neither the rows nor the rollups; another token does", async () => {
      const batch = mixedFlows({ rows: 3_000, seed: 9, fromMs: NOON_MS, spanMs: 60_000 });
      await insertFlows(store, batch, "repeated");
      const once = await booksOf(store, "flows");
      await insertFlows(store, batch, "repeated");
      await insertFlows(store, batch, "repeated");
      expect(await booksOf(store, "flows")).toEqual(once);
      await expectRollupsEqualRecount(store);
      const rows = Number(await value(store, "SELECT count() FROM flows"));
      await insertFlows(store, batch, "the same rows, sent again by a router");
      expect(Number(await value(store, "SELECT count() FROM flows"))).toBe(rows + 3_000);
      await expectRollupsEqualRecount(store);
    });

    test("a cut of several batches over midnight is one insert, and repeated it stays one", async () => {
      const midnightMs = NOON_MS + 12 * 3_600_000 - 86_400_000;
      const batches = [0, 1, 2].map((i) =>
        mixedFlows({ rows: 2_000, seed: 20 + i, fromMs: midnightMs - 30_000 + i * 20_000, spanMs: 20_000 }),
      );
      const arrow = encodeFlowsStream(batches, { stage: "classify" });
      const before = Number(await value(store, "SELECT count() FROM flows"));
      for (let i = 0; i < 3; i++) await store.insert({ table: "flows", arrow, rows: 6_000, token: "over midnight" });
      expect(Number(await value(store, "SELECT count() FROM flows"))).toBe(before + 6_000);
      await expectRollupsEqualRecount(store);
    });

    test("a cut larger than the engine's blocks is one insert too", async () => {
      const rows = 1_300_000;
      const batch = plainFlows(new Array<number>(rows).fill(NOON_MS), ({ columns }) => columns.bytes.fill(1));
      const before = Number(await value(store, "SELECT count() FROM flows"));
      const arrow = encodeFlows(batch, { stage: "classify" });
      for (let i = 0; i < 2; i++) await store.insert({ table: "flows", arrow, rows, token: "large" });
      expect(Number(await value(store, "SELECT count() FROM flows"))).toBe(before + rows);
      await expectRollupsEqualRecount(store);
    });

    test("a day starts at 16:00 UTC, midnight in Shanghai", async () => {
      const midnightMs = Math.floor(NOON_MS / 86_400_000) * 86_400_000 + 16 * 3_600_000 - 86_400_000;
      const exporter = addressBytes("2001:db8:ff::16") as Uint8Array;
      const batch = plainFlows([midnightMs - 1, midnightMs], ({ columns }) => {
        columns.exporter.set(exporter, 0);
        columns.exporter.set(exporter, 16);
      });
      await insertFlows(store, batch, "midnight in Shanghai");
      const days = await store.raw(
        `SELECT toUnixTimestamp(bucket_at), sum(records), sum(counted = 0) FROM flows_1d
         WHERE exporter = toIPv6('2001:db8:ff::16') GROUP BY bucket_at ORDER BY bucket_at`,
        LIMITS,
      );
      const startS = midnightMs / 1_000;
      expect(days.rows.map(([at, records]) => [at, records])).toEqual([
        [startS - 86_400, "1"],
        [startS, "1"],
      ]);
    });

    test("bytes of unknown sampling are counted as exported and told apart", async () => {
      const exporter = addressBytes("2001:db8:ff::5a") as Uint8Array;
      const batch = plainFlows([NOON_MS, NOON_MS], ({ columns }) => {
        for (const row of [0, 1]) {
          columns.exporter.set(exporter, row * 16);
          setU64(columns.bytes, row, 700);
          setU64(columns.packets, row, 7);
        }
        columns.sampling_rate[1] = 1_000;
      });
      await insertFlows(store, batch, "unknown sampling");
      for (const table of ["flows_5m", "flows_1h", "flows_1d"]) {
        const { rows } = await store.raw(
          `SELECT sum(bytes), sum(bytes_scaled), sum(packets_scaled), sum(bytes_unknown_sampling)
           FROM ${table} WHERE exporter = toIPv6('2001:db8:ff::5a')`,
          LIMITS,
        );
        expect(rows, table).toEqual([["1400", "700700", "7007", "700"]]);
      }
    });

    test("the ledger sums changes once a token, those below zero too", async () => {
      const at = Math.floor(NOON_MS / 300_000) * 300_000;
      const arrow = (counts: readonly bigint[]) =>
        encodeTable({
          at: { kind: "time", values: counts.map(() => at) },
          exporter: { kind: "ip", values: counts.map(() => addressBytes("192.0.2.9") as Uint8Array) },
          stage: { kind: "string", values: counts.map(() => "decode") },
          outcome: { kind: "string", values: counts.map(() => "held") },
          reason: { kind: "string", values: counts.map(() => "") },
          count: { kind: "i64", values: counts },
        });
      await store.insert({ table: "ledger", arrow: arrow([5n, 9_007_199_254_740_993n]), rows: 2, token: "books 1" });
      await store.insert({ table: "ledger", arrow: arrow([-3n]), rows: 1, token: "books 2" });
      await store.insert({ table: "ledger", arrow: arrow([-3n]), rows: 1, token: "books 2" });
      expect(await value(store, "SELECT sum(count) FROM ledger WHERE exporter = toIPv6('192.0.2.9')")).toBe(
        "9007199254740995",
      );
    });

    test("an exporter's stream has one row, the latest", async () => {
      const status = (lastSeenMs: number, templates: number) =>
        encodeTable({
          exporter: { kind: "ip", values: [addressBytes("192.0.2.9") as Uint8Array] },
          version: { kind: "u8", values: [10] },
          observation_domain: { kind: "u32", values: [4_294_967_295] },
          source_port: { kind: "u16", values: [65_535] },
          first_seen_at: { kind: "time", values: [NOON_MS] },
          last_seen_at: { kind: "time", values: [lastSeenMs] },
          templates: { kind: "u32", values: [templates] },
          options_templates: { kind: "u32", values: [1] },
          sampling: { kind: "string", values: ['[{"sampler":null,"rate":1000}]'] },
          sampling_source: { kind: "string", values: ["options"] },
          clock_offset_ms: { kind: "i64", values: [-1_500n] },
          clock_off: { kind: "bool", values: [true] },
          interfaces: { kind: "string", values: ["[]"] },
          name: { kind: "string", values: ["沈阳 r1"] },
        });
      await store.insert({ table: "exporters", arrow: status(NOON_MS + 2, 3), rows: 1, token: "status 2" });
      await store.insert({ table: "exporters", arrow: status(NOON_MS + 1, 2), rows: 1, token: "status 1" });
      await store.insert({ table: "exporters", arrow: status(NOON_MS + 1, 2), rows: 1, token: "status 1" });
      const { rows } = await store.raw(
        "SELECT templates, clock_offset_ms, clock_off, name, source_port FROM exporters FINAL",
        LIMITS,
      );
      expect(rows).toEqual([[3, "-1500", true, "沈阳 r1", 65_535]]);
    });

    test("an insert that is not what the table wants is refused, not retried", async () => {
      const arrow = encodeTable({ at: { kind: "time", values: [NOON_MS] } });
      await expect(store.insert({ table: "ledger", arrow, rows: 1, token: "short" })).rejects.toMatchObject({
        code: "STORE_REFUSED",
        retry: false,
      });
    });

    test("a query's parameters are bound and its rows parsed, 64 bits as text", async () => {
      const query = defineQuery({
        name: "bound",
        sql: "SELECT {word:String} AS word, {count:UInt64} + 1 AS count, {list:Array(String)} AS list",
        params: z.strictObject({ word: z.string(), count: z.string(), list: z.array(z.string()) }),
        row: z.strictObject({ word: z.string(), count: z.string(), list: z.array(z.string()) }),
      });
      const word = 'it\'s \\ "{x:String}" \n; -- 它';
      expect(await store.query(query, { word, count: "9007199254740992", list: [word, ""] })).toEqual([
        { word, count: "9007199254740993", list: [word, ""] },
      ]);
      await expect(store.query(query, { word, count: "x", list: [] })).rejects.toMatchObject({ code: "STORE_REFUSED" });
    });

    test("parameters and rows that are not what the query says are refused at both ends", async () => {
      const query = defineQuery({
        name: "checked",
        sql: "SELECT {n:Int32} AS n",
        params: z.strictObject({ n: z.int() }),
        row: z.strictObject({ n: z.int().max(5) }),
      });
      await expect(store.query(query, { n: "1" as unknown as number })).rejects.toMatchObject({
        code: "QUERY_INVALID",
      });
      await expect(store.query(query, { n: 6 })).rejects.toMatchObject({ code: "STORE_INVALID" });
    });

    test("queries at the same time keep their parameters apart", async () => {
      const query = defineQuery({
        name: "apart",
        sql: "SELECT {n:UInt32} AS n, count() AS c FROM numbers(100000) WHERE number >= 0",
        params: z.strictObject({ n: z.int() }),
        row: z.object({ n: z.int() }),
      });
      const numbers = Array.from({ length: 20 }, (_, n) => n);
      const answers = await Promise.all(numbers.map((n) => store.query(query, { n })));
      expect(answers.flat().map(({ n }) => n)).toEqual(numbers);
    });

    test("a person's statement answers columns and rows, and what it read", async () => {
      const statement = "-- shares\nWITH 1 AS one SELECT toUInt64(one) AS a, 'x;' AS b, 0.5 AS c, NULL AS d;";
      expect(await store.raw(statement, LIMITS)).toEqual({
        columns: [
          { name: "a", type: "UInt64" },
          { name: "b", type: "String" },
          { name: "c", type: "Float64" },
          { name: "d", type: "Nullable(Nothing)" },
        ],
        rows: [["1", "x;", 0.5, null]],
        effort: { elapsedMs: expect.any(Number), rowsRead: 1, bytesRead: 1 },
      });
    });

    test.each([
      "SELECT count() FROM flows",
      "SELECT 1 UNION ALL SELECT 2",
      "(SELECT 1)",
      "SELECT number FROM numbers(3) WHERE number IN (SELECT 1)",
      "SELECT * FROM traffic LIMIT 1",
      "SELECT name FROM system.tables WHERE database = currentDatabase()",
      "SHOW TABLES",
      "SHOW TABLES FROM system",
      "SHOW DATABASES",
      "SHOW CREATE TABLE flows",
      "EXISTS TABLE flows",
      "DESCRIBE flows_5m",
      "EXPLAIN SELECT count() FROM flows WHERE exporter = toIPv6('192.0.2.1')",
      "EXPLAIN AST SELECT 1",
      "EXPLAIN AST DROP TABLE flows",
    ])("a person may ask: %s", async (statement) => {
      expect((await store.raw(statement, LIMITS)).rows.length).toBeGreaterThan(0);
    });

    test("a limit of rows is one of the answer, not of the statement", async () => {
      const statement = "SELECT sum(number), max(number), min(number), count() FROM numbers(1000) WHERE number != 3";
      expect((await store.raw(statement, { ...LIMITS, maxRows: 1 })).rows).toHaveLength(1);
    });

    test.each(ESCAPES)("a person's statement that %s is refused", async (_, statement) => {
      await expect(store.raw(statement, LIMITS)).rejects.toMatchObject({ code: "QUERY_REFUSED" });
    });

    test("nothing was changed by what was refused", async () => {
      const settings = "SELECT getSetting('readonly'), getSetting('max_execution_time')";
      expect((await store.raw(settings, LIMITS)).rows).toEqual([[1, 20]]);
      await expectRollupsEqualRecount(store);
    });

    test.each([
      ["more rows than allowed", "SELECT number FROM numbers(1001)", /rows/i],
      ["longer than allowed", "SELECT sum(sleepEachRow(0.2)) FROM numbers(15)", /time/i],
      ["more memory than allowed", "SELECT groupArray(number) FROM numbers(100000000)", /memory/i],
    ])("a statement that takes %s is refused with the reason", async (_, statement, reason) => {
      const limits = { ...LIMITS, maxExecutionS: 1, maxMemoryBytes: 100_000_000 };
      await expect(store.raw(statement, limits)).rejects.toMatchObject({
        code: "QUERY_REFUSED",
        message: expect.stringMatching(reason),
      });
    });

    test("a stop waits for what runs and refuses what comes", async () => {
      const other = Promise.allSettled([
        store.raw("SELECT sleep(0.3)", LIMITS),
        insertFlows(store, plainFlows([NOON_MS]), "at the stop"),
      ]);
      await store.stop();
      expect((await other).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
      await expect(store.ping()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    });
  });
}
