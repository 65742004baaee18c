import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import zlib from "node:zlib";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { encodeTable } from "@v6meter/batch";
import { createLogger } from "@v6meter/runtime";
import { type HostPort, storeConfig } from "@v6meter/schemas";
import { Session } from "chdb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ESCAPES } from "../contract.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../embedded.ts";
import { createSqlPort, type SqlPort, type SqlPortLimits } from "./sql-port.ts";

const root = mkdtempSync(join(tmpdir(), "v6meter-sql-port-"));
const LIMITS: SqlPortLimits = {
  maxExecutionS: 30,
  maxRows: 100_000,
  maxMemoryBytes: 500_000_000,
  maxStatementBytes: 10_000,
  maxBodyBytes: 1_000_000,
};
const READER = { "X-ClickHouse-User": "reader", "X-ClickHouse-Key": "r p" };
/** SHA-256 of "h". */
const HASH_OF_H = "aaa9402664f1a41f40ebbc52c9993eb66aeb366602958fdfaa283b71e64db123";

let store: EmbeddedStore;
let port: SqlPort;
let at: string;

function openPort(limits: SqlPortLimits): SqlPort {
  return createSqlPort({
    engine: store.engine,
    at: { host: "127.0.0.1", port: 0 } as HostPort,
    users: [
      { name: "default", password: "", rights: "all" },
      { name: "reader", password: "r p", rights: "read" },
      { name: "hashed", passwordHash: HASH_OF_H, rights: "read" },
    ],
    limits,
    logger: createLogger("silent", "test"),
  });
}

async function started(it: SqlPort): Promise<string> {
  const { host, port: number } = await it.start();
  return `http://${host}:${number}`;
}

beforeAll(async () => {
  store = await openEmbeddedStore({ path: root, config: storeConfig.parse({}) });
  await store.migrate();
  port = openPort(LIMITS);
  at = await started(port);
});

afterAll(async () => {
  await port.stop();
  await store.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Asked {
  readonly headers?: Record<string, string>;
  readonly params?: Record<string, string>;
  readonly method?: string;
  readonly body?: string | Uint8Array;
}

function address(params: Record<string, string> = {}): string {
  return `${at}/?${new URLSearchParams(params)}`;
}

/** Sends a statement, as the user of rights `all` where no header says otherwise. */
function ask(body: string | Uint8Array, { headers = {}, params, method = "POST" }: Asked = {}): Promise<Response> {
  return fetch(address(params), method === "GET" ? { headers } : { method, headers, body: body as string });
}

async function answerOf(body: string | Uint8Array, asked: Asked = {}): Promise<string> {
  const response = await ask(body, asked);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return text;
}

function asReader(statement: string, asked: Asked = {}): Promise<Response> {
  return ask(statement, { ...asked, headers: { ...READER, ...asked.headers } });
}

describe("pages without a login", () => {
  test.each(["/", "/ping", "/replicas_status"])("%s answers Ok.", async (path) => {
    const response = await fetch(`${at}${path}`);
    expect([response.status, await response.text()]).toEqual([200, "Ok.\n"]);
  });

  test("another address is not there", async () => {
    expect((await fetch(`${at}/play`)).status).toBe(404);
  });
});

describe("who asks", () => {
  const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  test.each<[says: string, asked: Asked]>([
    ["ClickHouse's headers", { headers: READER }],
    ["Basic", { headers: basic("reader:r p") }],
    ["parameters", { params: { user: "reader", password: "r p" } }],
    ["Basic, the password known by its hash", { headers: basic("hashed:h") }],
  ])("is told by %s, and is a reader", async (_, asked) => {
    expect(await answerOf("SELECT getSetting('readonly')", asked)).toBe("1\n");
  });

  test.each<[says: string, asked: Asked]>([
    ["a wrong password", { headers: { ...READER, "X-ClickHouse-Key": "r" } }],
    ["no password", { headers: { "X-ClickHouse-User": "reader" } }],
    ["an unknown name", { headers: basic("nobody:") }],
    ["a password for the user without one", { params: { password: "x" } }],
    ["the hash as the password", { headers: basic(`hashed:${HASH_OF_H}`) }],
  ])("with %s is refused as ClickHouse refuses", async (_, asked) => {
    const response = await ask("SELECT 1", asked);
    expect(response.status).toBe(403);
    expect(response.headers.get("x-clickhouse-exception-code")).toBe("516");
    expect(await response.text()).toMatch(
      /^Code: 516\. DB::Exception: \w+: Authentication failed: password is incorrect, or there is no user with such name\. \(AUTHENTICATION_FAILED\)\n$/,
    );
  });

  test("after many failures must wait, even with the right password; others need not", async () => {
    const other = openPort({ ...LIMITS, maxFailedLogins: 3, failedLoginRefillMs: 3_600_000 });
    const where = await started(other);
    const login = (user: string, password: string) =>
      fetch(`${where}/?${new URLSearchParams({ user, password, query: "SELECT 1" })}`);
    const statuses: number[] = [];
    for (const password of ["a", "b", "r p", "c", "d", "r p"]) statuses.push((await login("reader", password)).status);
    expect(statuses).toEqual([403, 403, 200, 403, 429, 429]);
    const refused = await login("reader", "r p");
    expect(refused.headers.get("x-clickhouse-exception-code")).toBe("516");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_500);
    expect(await refused.text()).toMatch(
      /^Code: 516\. DB::Exception: reader: Too many failed logins from 127\.0\.0\.1: allowed is the next one in 3\d{3} s\. \(AUTHENTICATION_FAILED\)\n$/,
    );
    expect((await login("hashed", "h")).status).toBe(200);
    expect((await fetch(`${where}/ping`)).status).toBe(200);
    expect(other.figures()).toMatchObject({ requests: 9, failed: 6, refusedLogins: 6, limitedLogins: 3 });
    await other.stop();
  });
});

test("figures tell requests by what became of them, and what was answered", async () => {
  const other = openPort(LIMITS);
  const where = await started(other);
  const post = (body: string) => fetch(where, { method: "POST", headers: READER, body });
  expect((await post("SELECT number FROM numbers(1000)")).status).toBe(200);
  expect((await post("SELECT")).status).toBe(400);
  await other.stop();
  const { seconds, answeredBytes, ...counts } = other.figures();
  expect(counts).toEqual({
    requests: 2,
    failed: 1,
    refusedLogins: 0,
    limitedLogins: 0,
    abandoned: 0,
    answeredRows: 1_000,
  });
  expect(answeredBytes).toBe(Array.from({ length: 1_000 }, (_, n) => `${n}\n`).join("").length);
  expect(seconds).toBeGreaterThan(0);
});

describe("an answer", () => {
  test("says in its headers what it is", async () => {
    const response = await ask("SELECT 1 AS a FORMAT JSONCompact", { params: { query_id: "mine" } });
    expect(response.headers.get("x-clickhouse-query-id")).toBe("mine");
    expect(response.headers.get("x-clickhouse-format")).toBe("JSONCompact");
    expect(response.headers.get("x-clickhouse-timezone")).toBe("UTC");
    expect(response.headers.get("x-clickhouse-server-display-name")).not.toBe("");
    expect(response.headers.get("content-type")).toBe("application/json; charset=UTF-8");
    expect(JSON.parse(response.headers.get("x-clickhouse-summary") ?? "")).toMatchObject({ result_rows: "1" });
    expect(await response.json()).toMatchObject({ data: [[1]], rows: 1 });
  });

  test.each([
    ["TabSeparatedWithNamesAndTypes", "a\tb\nUInt64\tString\n18446744073709551615\tit\\'s\n"],
    ["CSV", '18446744073709551615,"it\'s"\n'],
    ["JSONEachRow", '{"a":18446744073709551615,"b":"it\'s"}\n'],
  ])("in %s is the engine's", async (format, expected) => {
    const statement = "SELECT toUInt64(18446744073709551615) AS a, 'it\\'s' AS b";
    expect(await answerOf(`${statement} FORMAT ${format}`, { headers: READER })).toBe(expected);
    expect(await answerOf(statement, { headers: READER, params: { default_format: format } })).toBe(expected);
    expect(await answerOf(statement, { headers: { ...READER, "X-ClickHouse-Format": format } })).toBe(expected);
  });

  test.each(["Native", "RowBinary", "RowBinaryWithNamesAndTypes", "Arrow", "ArrowStream", "Parquet", "MsgPack"])(
    "in %s is byte for byte what the engine writes into a file",
    async (format) => {
      const statement =
        "SELECT number, unhex('00ff80c3') AS bytes, toIPv6('2001:db8::1') AS ip, -1.5 AS f, [number, 300] AS l FROM numbers(2000)";
      const file = join(root, `written.${format}`);
      const session = new Session(join(root, "engine"));
      await session.queryAsync(`SET max_threads = 1; ${statement} INTO OUTFILE '${file}' FORMAT ${format}`);
      session.close();
      const response = await asReader(`${statement} FORMAT ${format}`, { params: { max_threads: "1" } });
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer()).equals(readFileSync(file))).toBe(true);
    },
  );

  test.each([
    ["zstd", zlib.zstdDecompressSync],
    ["gzip", zlib.gunzipSync],
    ["br", zlib.brotliDecompressSync],
    ["deflate", zlib.inflateSync],
  ])("comes packed with %s where that is asked for, and plain where it is not", async (encoding, unpack) => {
    const statement = "SELECT number FROM numbers(1000)";
    const get = (params: Record<string, string>) =>
      new Promise<{ encoding: string | undefined; bytes: Buffer }>((resolve, reject) => {
        const headers = { ...READER, "Accept-Encoding": `compress, ${encoding};q=0.5` };
        const request = httpRequest(address({ query: statement, ...params }), { headers }, async (response) => {
          const chunks = await response.toArray();
          resolve({ encoding: response.headers["content-encoding"], bytes: Buffer.concat(chunks) });
        });
        request.on("error", reject).end();
      });
    const plain = await get({});
    const packed = await get({ enable_http_compression: "1" });
    expect([plain.encoding, packed.encoding]).toEqual([undefined, encoding]);
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length);
    expect(unpack(packed.bytes).equals(plain.bytes)).toBe(true);
  });

  test("comes in ClickHouse's own blocks where compress=1 asks for them, as a driver reads them", async () => {
    const statement = "SELECT repeat('0123456789', 14000) FORMAT TSVRaw";
    const expected = Buffer.from(`${"0123456789".repeat(14_000)}\n`);
    const blocks = Buffer.from(await (await asReader(statement, { params: { compress: "1" } })).arrayBuffer());
    const sizes: number[] = [];
    let found = Buffer.alloc(0);
    for (let at = 0; at < blocks.length; at += 16 + blocks.readUInt32LE(at + 17)) {
      expect(blocks.readUInt8(at + 16)).toBe(0x82);
      const size = blocks.readUInt32LE(at + 21);
      sizes.push(size);
      const end = at + 16 + blocks.readUInt32LE(at + 17);
      found = Buffer.concat([found, blocks.subarray(end - size, end)]);
    }
    expect(sizes).toEqual([65_536, 65_536, 8_929]);
    expect(found.equals(expected)).toBe(true);
  });

  test("has its parameters bound as ClickHouse binds them", async () => {
    const params = { param_a: "it's \\\\ \\t{b:String}", param_l: "['x','y\\'z']", param_n: "18446744073709551615" };
    const statement = "SELECT {a:String}, {l:Array(String)}[2], {n:UInt64} FORMAT TSVRaw";
    for (const headers of [READER, {}] as Record<string, string>[]) {
      expect(await answerOf(statement, { headers, params })).toBe("it's \\ \t{b:String}\ty'z\t18446744073709551615\n");
    }
  });

  test("goes on in the body where the statement began in the address", async () => {
    expect(await answerOf("2 FORMAT CSV", { params: { query: "SELECT 1 +" } })).toBe("3\n");
  });

  test.each([
    ["a wrong statement", "SELEC 1", 400, 62],
    ["no statement", " ", 400, 62],
    ["a statement with a NUL", "SELECT 1 \0 + 1", 400, 62],
    ["an unknown column", "SELECT nope", 404, 47],
    ["an unknown table", "SELECT * FROM nope", 404, 60],
    ["a division by nothing", "SELECT intDiv(1, 0)", 500, 153],
  ])("to %s is the engine's error with its status", async (_, statement, status, code) => {
    for (const headers of [READER, {}] as Record<string, string>[]) {
      const response = await ask(statement, { headers });
      expect(response.status).toBe(status);
      expect(response.headers.get("x-clickhouse-exception-code")).toBe(String(code));
      expect(await response.text()).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: [^]+ \\([A-Z_]+\\)\\n$`));
    }
  });

  test("to an unknown database, setting or compression is a clear error", async () => {
    for (const [params, code] of [
      [{ database: "nope" }, "81"],
      [{ no_such_setting: "1" }, "115"],
      [{ "no-such": "1" }, "115"],
      [{ decompress: "1" }, "48"],
    ] as const) {
      const response = await ask("SELECT 1", { params });
      expect(response.headers.get("x-clickhouse-exception-code"), JSON.stringify(params)).toBe(code);
    }
    expect((await ask("SELECT 1", { headers: { "Content-Encoding": "rot13" } })).status).toBe(501);
  });
});

describe("a reader", () => {
  test.each([
    "SELECT version(), timezone(), currentUser(), currentDatabase()",
    "SELECT name, value, readonly FROM system.settings LIMIT 10000 FORMAT Native",
    "SHOW DATABASES",
    "SHOW TABLES FROM default FORMAT JSON",
    "DESCRIBE TABLE flows FORMAT JSONCompact",
    "DESC (SELECT 1 AS a)",
    "EXISTS TABLE flows FORMAT TabSeparated",
    "SHOW CREATE TABLE flows FORMAT TSVRaw",
    "EXPLAIN SELECT count() FROM flows FORMAT TSV",
    "SELECT name, type FROM system.columns WHERE database = 'default' AND table = 'flows' FORMAT RowBinaryWithNamesAndTypes",
    "SELECT 1;",
  ])("may ask what clients send: %s", async (statement) => {
    const response = await asReader(statement, { params: { database: "default", session_id: "s" } });
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
    expect(response.status).toBe(200);
  });

  test.each<readonly [says: string, statement: string]>([
    ...ESCAPES.filter(([says]) => !says.startsWith("chooses a format")),
    ["writes a file and chooses its format", "SELECT 1 INTO OUTFILE '/tmp/v6meter-escape.csv' FORMAT CSV"],
    ["lists into a file in a format", "SHOW CREATE TABLE flows INTO OUTFILE '/tmp/v6meter-escape.csv' FORMAT CSV"],
    ["sets behind the format", "SELECT 1 FORMAT CSV SETTINGS max_threads = 8"],
    ["sets before the format", "SELECT 1 SETTINGS max_threads = 8 FORMAT CSV"],
    ["chooses a format that reads files", "SELECT 1 FORMAT Template"],
    ["chooses a format of schemas", "SELECT 1 FORMAT Protobuf"],
    ["hides a second statement in the format", "SELECT 1 FORMAT CSV; DROP TABLE flows"],
    ["reads a file in a format", "SELECT * FROM file('/etc/hostname') FORMAT LineAsString"],
  ])("is refused what %s", async (_, statement) => {
    const response = await asReader(statement);
    expect(Number(response.headers.get("x-clickhouse-exception-code"))).toBeGreaterThan(0);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(existsSync("/tmp/v6meter-escape.csv")).toBe(false);
  });

  test("leaves no trace by a parameter, a database or a format that tries to be more", async () => {
    const text = "1', readonly = 0\0, max_threads = '2";
    expect(await answerOf("SELECT {x:String} FORMAT TSVRaw", { headers: READER, params: { param_x: text } })).toBe(
      `${text}\n`,
    );
    for (const [statement, params, code] of [
      ["SELECT 1", { database: "x`; DROP TABLE flows; --" }, "81"],
      ["SELECT * FROM {f:Identifier}('/etc/hostname')", { param_f: "file" }, "62"],
      ["SELECT * FROM {t:Identifier}", { param_t: "file('/etc/hostname')" }, "60"],
      ["SELECT 1", { default_format: "Template" }, "73"],
      ["SELECT 1", { default_format: "CSV INTO OUTFILE 'x'" }, "73"],
      ["DROP TABLE flows", { readonly: "0" }, "497"],
    ] as const) {
      const response = await asReader(statement, { params });
      expect(response.headers.get("x-clickhouse-exception-code"), JSON.stringify(params)).toBe(code);
    }
    expect(await answerOf("EXISTS TABLE flows")).toBe("1\n");
  });

  test.each([
    "output_format_schema",
    "format_template_resultset",
    "format_schema",
    "max_memory_usage_for_user",
    "allow_introspection_functions",
    "insert_deduplication_token",
    "role",
  ])("may not set %s", async (name) => {
    const response = await asReader("SELECT 1", { params: { [name]: "1" } });
    expect([response.status, response.headers.get("x-clickhouse-exception-code")]).toEqual([403, "164"]);
  });

  test("lowers limits and lifts none", async () => {
    const limits = "SELECT getSetting('max_execution_time'), getSetting('max_result_rows'), getSetting('readonly')";
    const params = (s: string, rows: string) => ({ max_execution_time: s, max_result_rows: rows });
    expect(await answerOf(limits, { headers: READER, params: params("5", "10") })).toBe("5\t10\t1\n");
    expect(await answerOf(limits, { headers: READER, params: params("0", "0") })).toBe("30\t100000\t1\n");
    expect(await answerOf(limits, { headers: READER, params: params("99", "1e9") })).toBe("30\t100000\t1\n");
    expect((await asReader("SELECT 1", { params: { max_threads: "many" } })).status).toBe(400);
    const many = await asReader("SELECT number FROM numbers(100001)");
    expect(many.headers.get("x-clickhouse-exception-code")).toBe("396");
  });

  test("chooses how an answer is written", async () => {
    const params = { output_format_json_quote_64bit_integers: "1", session_timezone: "Asia/Shanghai" };
    const response = await asReader("SELECT toUInt64(1) AS a, toString(toDateTime(0)) AS b FORMAT JSONEachRow", {
      params,
    });
    expect(await response.json()).toEqual({ a: "1", b: "1970-01-01 08:00:00" });
    expect(response.headers.get("x-clickhouse-timezone")).toBe("Asia/Shanghai");
  });
});

describe("a user of all rights", () => {
  const client = () =>
    createClient({ url: at, compression: { request: true, response: true }, log: { level: ClickHouseLogLevel.OFF } });

  test("works with ClickHouse's own client", async () => {
    await using it = client();
    expect(await it.ping()).toMatchObject({ success: true });
    await it.command({ query: "CREATE TABLE own (a UInt64, b String) ENGINE = MergeTree ORDER BY a" });
    await it.insert({ table: "own", values: [{ a: "18446744073709551615", b: "它's" }], format: "JSONEachRow" });
    const answer = await it.query({ query: "SELECT a, b FROM own WHERE a >= {a:UInt64}", query_params: { a: 2 } });
    expect(await answer.json()).toMatchObject({ data: [{ b: "它's" }] });
    await expect(it.query({ query: "SELECT nope" })).rejects.toMatchObject({ code: "47", type: "UNKNOWN_IDENTIFIER" });
  });

  const arrow = (values: readonly bigint[]) =>
    encodeTable({
      at: { kind: "time", values: values.map(() => 1_700_000_000_000) },
      exporter: { kind: "ip", values: values.map(() => new Uint8Array(16)) },
      stage: { kind: "string", values: values.map(() => "decode") },
      outcome: { kind: "string", values: values.map(() => "held") },
      reason: { kind: "string", values: values.map(() => "") },
      count: { kind: "i64", values },
    });
  const COLUMNS = "(at, exporter, stage, outcome, reason, count)";

  test("inserts Arrow under a token once, and what was tried first", async () => {
    const insert = (token: string, values: readonly bigint[]) =>
      answerOf(arrow(values), {
        params: { query: `INSERT INTO ledger ${COLUMNS} FORMAT ArrowStream`, insert_deduplication_token: token },
      });
    const books = () => answerOf("SELECT sum(count) FROM ledger");
    await insert("one", [1n, 2n]);
    expect(await books()).toBe("3\n");
    await insert("one", [1n, 2n]);
    await insert("one", [70n]);
    expect(await books()).toBe("3\n");
    await insert("two", [1n, 2n]);
    expect(await books()).toBe("6\n");
    expect(readdirSync(join(root, "inserts"))).toEqual([]);
  });

  test("is told of an insert that is not what the table wants, and nothing of it stays", async () => {
    const params = { query: "INSERT INTO ledger (at, nope) FORMAT CSV", insert_deduplication_token: "wrong" };
    const response = await ask("1,2\n", { params });
    expect([response.status, response.headers.get("x-clickhouse-exception-code")]).toEqual([404, "16"]);
    const broken = await ask("not arrow", { params: { query: `INSERT INTO ledger ${COLUMNS} FORMAT ArrowStream` } });
    expect(broken.status).toBeGreaterThanOrEqual(400);
    expect(readdirSync(join(root, "inserts"))).toEqual([]);
  });

  const TWO_ROWS = Buffer.from("0100000000000000016102000000000000000162", "hex");

  test.each<[says: string, query: string, body: string | Uint8Array]>([
    ["CSV", "INSERT INTO rows FORMAT CSV", '1,"a"\n2,"b"\n'],
    ["CSV by columns", "INSERT INTO rows (b, a) FORMAT CSV", '"a",1\n"b",2\n'],
    ["JSONEachRow", "INSERT INTO `rows` FORMAT JSONEachRow", '{"b":"a","a":1}\n{"a":"2","b":"b"}\n'],
    ["TSV, with a setting", "INSERT INTO default.rows (a, b) SETTINGS max_threads = 1 FORMAT TSV", "1\ta\n2\tb\n"],
    ["RowBinary", "INSERT INTO rows FORMAT RowBinary", TWO_ROWS],
    ["a statement and rows in one body", "", "INSERT INTO rows (b, a)\n FORMAT CSV\na,1\nb,2\n"],
    [
      "a statement and bytes in one body",
      "",
      Buffer.concat([Buffer.from("INSERT INTO rows FORMAT RowBinary\n"), TWO_ROWS]),
    ],
    ["VALUES in the body", "INSERT INTO rows VALUES", "(1, 'a'), (2, 'b')"],
  ])("inserts %s", async (_, query, body) => {
    await answerOf(
      "CREATE OR REPLACE TABLE rows (a UInt64, b String, c UInt64 MATERIALIZED a + 1) ENGINE = MergeTree ORDER BY a",
    );
    await answerOf(body, { params: { query } });
    expect(await answerOf("SELECT a, b, c FROM rows ORDER BY a FORMAT TSV")).toBe("1\ta\t2\n2\tb\t3\n");
  });

  test.each([
    ["gzip", zlib.gzipSync],
    ["zstd", zlib.zstdCompressSync],
    ["br", zlib.brotliCompressSync],
    ["deflate", zlib.deflateSync],
  ])("sends rows and statements packed with %s", async (encoding, pack) => {
    await answerOf("CREATE OR REPLACE TABLE packed (a UInt64) ENGINE = MergeTree ORDER BY a");
    const headers = { "Content-Encoding": encoding };
    await answerOf(pack(Buffer.from("1\n2\n")), { headers, params: { query: "INSERT INTO packed FORMAT TSV" } });
    expect(await answerOf(pack(Buffer.from("SELECT sum(a) FROM packed")), { headers })).toBe("3\n");
    const half = pack(Buffer.from("3\n".repeat(5_000))).subarray(0, -4);
    const cut = await ask(half, { headers, params: { query: "INSERT INTO packed FORMAT TSV" } });
    expect(cut.status).toBe(400);
    expect(await answerOf("SELECT sum(a) FROM packed")).toBe("3\n");
  });

  test("changes nothing by a GET", async () => {
    const response = await ask("", { method: "GET", params: { query: "DROP TABLE flows" } });
    expect([response.status, response.headers.get("x-clickhouse-exception-code")]).toEqual([403, "164"]);
    expect(await answerOf("EXISTS TABLE flows")).toBe("1\n");
  });
});

describe("bounds", () => {
  test("a body larger than allowed is refused, packed or not, and leaves nothing", async () => {
    const statement = await asReader(`SELECT 1 -- ${"x".repeat(10_000)}`);
    expect([statement.status, statement.headers.get("x-clickhouse-exception-code")]).toEqual([413, "307"]);
    const bomb = zlib.gzipSync(Buffer.alloc(2_000_000, "1\n"));
    const params = { query: "INSERT INTO packed FORMAT TSV" };
    const insert = await ask(bomb, { headers: { "Content-Encoding": "gzip" }, params });
    expect([insert.status, insert.headers.get("x-clickhouse-exception-code")]).toEqual([413, "307"]);
    expect(readdirSync(join(root, "inserts"))).toEqual([]);
  });

  test("an insert whose sender goes away in the middle inserts nothing and leaves nothing", async () => {
    await answerOf("CREATE OR REPLACE TABLE cut (a UInt64) ENGINE = MergeTree ORDER BY a");
    const before = port.figures().abandoned;
    const request = httpRequest(address({ query: "INSERT INTO cut FORMAT TSV" }), {
      method: "POST",
      headers: { "Content-Length": "100000" },
    });
    request.on("error", () => undefined);
    request.write("1\n".repeat(1_000));
    await expect.poll(() => readdirSync(join(root, "inserts")).length).toBe(1);
    request.destroy();
    await expect.poll(() => port.figures().abandoned).toBe(before + 1);
    await expect.poll(() => readdirSync(join(root, "inserts"))).toEqual([]);
    expect(await answerOf("SELECT count() FROM cut")).toBe("0\n");
  });

  test("a statement whose client goes away is ended, and its seat is free", async () => {
    const small = openPort({ ...LIMITS, maxRunning: 1, maxWaiting: 1 });
    const where = await started(small);
    const marker = `abandoned_${Date.now()}`;
    const query = (statement: string, signal?: AbortSignal) =>
      fetch(`${where}/`, { method: "POST", headers: READER, body: statement, signal: signal ?? null });
    const runs = async () =>
      Number(
        await answerOf(
          `SELECT count() FROM system.processes WHERE query LIKE '%${marker}%' AND query NOT LIKE '%system.processes%'`,
        ),
      );
    const leaving = new AbortController();
    const abandoned = query(
      `SELECT count() AS ${marker} FROM numbers(1000000000000) WHERE sipHash64(number) = 1`,
      leaving.signal,
    );
    const left = expect(abandoned).rejects.toThrow();
    await expect.poll(runs, { timeout: 20_000 }).toBe(1);
    const next = query("SELECT 7");
    // The one seat and the one place to wait are taken, so a third is refused.
    await expect.poll(async () => (await query("SELECT 8")).status, { timeout: 20_000 }).toBe(503);
    leaving.abort();
    await left;
    expect(await (await next).text()).toBe("7\n");
    await expect.poll(runs, { timeout: 20_000 }).toBe(0);
    expect(small.figures().abandoned).toBe(1);
    await small.stop();
  });

  test("a statement that takes too long or too much memory is refused with the engine's reason", async () => {
    const slow = await asReader("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", {
      params: { max_execution_time: "1" },
    });
    expect([slow.status, slow.headers.get("x-clickhouse-exception-code")]).toEqual([408, "159"]);
    const large = await asReader("SELECT groupArray(number) FROM numbers(100000000)", {
      params: { max_memory_usage: "50000000" },
    });
    expect([large.status, large.headers.get("x-clickhouse-exception-code")]).toEqual([503, "241"]);
  });

  test("a stop answers what runs and takes no more; the address is told when it is taken", async () => {
    const other = openPort(LIMITS);
    const where = await started(other);
    const taken = createSqlPort({
      engine: store.engine,
      at: { host: "127.0.0.1", port: Number(new URL(where).port) } as HostPort,
      users: [],
      limits: LIMITS,
      logger: createLogger("silent", "test"),
    });
    await expect(taken.start()).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
    const running = fetch(`${where}/`, { method: "POST", body: "SELECT sleep(0.5), 5 FORMAT CSV" });
    await expect.poll(() => other.figures().requests).toBe(1);
    await sleep(50);
    await other.stop();
    expect(await (await running).text()).toBe("0,5\n");
    await expect(fetch(`${where}/ping`)).rejects.toThrow();
  });
});
