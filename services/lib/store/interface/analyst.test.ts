import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows } from "@v6meter/batch";
import { createLogger } from "@v6meter/runtime";
import { Fault, storeConfig } from "@v6meter/schemas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ANALYST_ALLOWED, ANALYST_ESCAPES } from "../analyst.test-data.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../embedded.ts";
import { plainFlows } from "../flows.test-data.ts";
import type { BegunStatement, EndedStatement } from "./access.ts";
import { createSqlPort, type SqlPort } from "./sql-port.ts";

const path = mkdtempSync(join(tmpdir(), "v6meter-sql-analyst-"));
const told: (BegunStatement | EndedStatement)[] = [];
const refused: { user: string; address: string }[] = [];
let witness: () => Promise<void> = async () => {};
let store: EmbeddedStore;
let port: SqlPort;
let at: URL;

beforeAll(async () => {
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
  await store.migrate();
  const flows = plainFlows([Date.now(), Date.now()], ({ columns }) => columns.subscriber.fill(4_242_424));
  await store.insert({ table: "flows", arrow: encodeFlows(flows, { stage: "classify" }), rows: 2, token: "first" });
  port = createSqlPort({
    engine: store.engine,
    at: { host: "127.0.0.1", port: 0 },
    users: [{ name: "analyst", password: "a", rights: "read", sight: "analyst" }],
    access: {
      async identify(_user, password) {
        if (password === "key-of-a-busy-one") throw new Fault("TOO_MANY_REQUESTS", "allowed is the next one in 3 s.");
        if (password === "key-of-li") return { name: "li", sight: "analyst" };
        return password === "key-of-root" ? { name: "root", sight: "all" } : null;
      },
      async refused(login) {
        refused.push(login);
      },
      async begins(statement) {
        await witness();
        told.push(statement);
        return async (ended) => void told.push(ended);
      },
    },
    limits: { maxExecutionS: 60, maxRows: 100_000, maxMemoryBytes: 500_000_000, maxFailedLogins: 1_000 },
    logger: createLogger("silent", "test"),
  });
  const { host, port: number } = await port.start();
  at = new URL(`http://${host}:${number}/`);
});
afterAll(async () => {
  await port.stop();
  await store.stop();
  rmSync(path, { recursive: true, force: true });
});
beforeEach(() => {
  told.length = 0;
  witness = async () => {};
});

interface Asked {
  user?: string;
  password?: string;
  parameters?: Record<string, string>;
  headers?: Record<string, string>;
}

async function ask(statement: string, { user = "analyst", password = "a", parameters = {}, headers = {} }: Asked = {}) {
  const url = new URL(at);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const answer = await fetch(url, {
    method: "POST",
    body: statement,
    headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password, ...headers },
  });
  return { status: answer.status, text: await answer.text() };
}

const turnedAway = { status: expect.not.toBeOneOf([200]), text: expect.stringMatching(/^Code: \d+/) };

describe("an analyst at the SQL port", () => {
  test.each(ANALYST_ALLOWED)("%s is answered", async (statement) => {
    expect(await ask(statement)).toMatchObject({ status: 200 });
  });

  test.each(ANALYST_ESCAPES.filter((statement) => !/FORMAT (?!Protobuf)/.test(statement)))(
    "%j is refused",
    async (statement) => {
      const { status, text } = await ask(statement);
      expect(status, text).not.toBe(200);
      expect(text).toMatch(/^Code: \d+\. DB::Exception: /);
      expect(text).not.toContain("4242424");
    },
  );

  test.each([
    {
      says: "a table by a bound name",
      statement: "SELECT * FROM {t:Identifier}",
      parameters: { param_t: "default.flows" },
    },
    {
      says: "a database and table by bound names",
      statement: "SELECT * FROM {d:Identifier}.{t:Identifier}",
      parameters: { param_d: "default", param_t: "flows" },
    },
    {
      says: "a bound name after IN",
      statement: "SELECT 1 IN {d:Identifier}.{t:Identifier}",
      parameters: { param_d: "default", param_t: "migrations" },
    },
    {
      says: "a bound name of the engine's",
      statement: "SELECT * FROM system.{t:Identifier}",
      parameters: { param_t: "tables" },
    },
    {
      says: "a function by a bound name",
      statement: "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])",
      parameters: { param_f: "file" },
    },
    {
      says: "a database of the request",
      statement: "SELECT subscriber FROM flows",
      parameters: { database: "default" },
    },
    {
      says: "another database of the request",
      statement: "SELECT name FROM tables",
      parameters: { database: "system" },
    },
    {
      says: "a setting that filters tables",
      statement: "SELECT 1",
      parameters: { additional_table_filters: "{'flows':'1'}" },
    },
    {
      says: "a setting that lifts readonly for a temporary table",
      statement: "CREATE TEMPORARY TABLE t (a Int8)",
      parameters: { readonly: "0" },
    },
    {
      says: "a schema of a format",
      statement: "SELECT 1",
      parameters: { default_format: "Protobuf", format_schema: "/etc/passwd:x" },
    },
    {
      says: "a template of a format",
      statement: "SELECT 1",
      parameters: { default_format: "Template", format_template_resultset: "/etc/passwd" },
    },
    { says: "introspection", statement: "SELECT demangle('x')", parameters: { allow_introspection_functions: "1" } },
    { says: "a role", statement: "SELECT 1", parameters: { role: "admin" } },
  ])("$says does not lead out", async ({ statement, parameters }) => {
    expect(await ask(statement, { parameters })).toMatchObject(turnedAway);
  });

  test("a database in the header does not lead out, and the one of its own does nothing", async () => {
    for (const database of ["system", "information_schema", "v6meter"]) {
      expect(await ask("SELECT 1", { headers: { "X-ClickHouse-Database": database } })).toMatchObject({ status: 403 });
    }
    for (const database of ["analyst", "default", ""]) {
      const answer = await ask("SELECT currentDatabase()", { headers: { "X-ClickHouse-Database": database } });
      expect(answer).toEqual({ status: 200, text: "analyst\n" });
    }
  });

  test("a view by a bound name is a view", async () => {
    const parameters = { param_t: "flows" };
    expect(await ask("SELECT count() FROM {t:Identifier}", { parameters })).toEqual({ status: 200, text: "2\n" });
  });
});

describe("keys at the SQL port", () => {
  test("a named key opens it beside any user's name, with what its owner may see", async () => {
    const subscriber = "SELECT max(subscriber) FROM default.flows";
    expect(await ask("SELECT count() FROM flows", { user: "x", password: "key-of-li" })).toMatchObject({ status: 200 });
    expect(await ask(subscriber, { user: "x", password: "key-of-li" })).toMatchObject({ status: 403 });
    expect(await ask(subscriber, { user: "x", password: "key-of-root" })).toMatchObject({ status: 200 });
    expect(await ask("DROP TABLE default.flows", { user: "x", password: "key-of-root" })).toMatchObject({
      status: 403,
    });
    refused.length = 0;
    for (const password of ["", "key-of-nobody"]) {
      expect(await ask("SELECT 1", { user: "x", password })).toMatchObject({
        status: 403,
        text: expect.stringContaining("AUTHENTICATION_FAILED"),
      });
    }
  });

  test("logins that are refused are told, without their password", () => {
    expect(refused).toEqual(Array(2).fill({ user: "x", address: "127.0.0.1" }));
  });

  test("a key that asks too often is told to wait as ClickHouse tells it", async () => {
    const answer = await ask("SELECT 1", { password: "key-of-a-busy-one", user: "x" });
    expect(answer).toMatchObject({ status: 429, text: expect.stringMatching(/^Code: 201\..*\(QUOTA_EXCEEDED\)/) });
  });

  test("every statement is told before it runs and after it ended, refused ones too", async () => {
    await ask("SELECT 1 AS one");
    await ask("SELECT * FROM default.flows", { user: "x", password: "key-of-li" });
    expect(told).toMatchObject([
      { account: { name: "analyst", sight: "analyst" }, address: "127.0.0.1", statement: "SELECT 1 AS one" },
      { outcome: "done", rows: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { account: { name: "li", sight: "analyst" }, statement: "SELECT * FROM default.flows" },
      { outcome: "ACCESS_DENIED", rows: null },
    ]);
  });

  test("a statement that cannot be written down is not run", async () => {
    witness = async () => {
      throw new Error("no space");
    };
    const { status, text } = await ask("SELECT 4242 AS shown");
    expect(status).toBe(500);
    expect(text).not.toContain("4242\n");
  });

  test("a statement whose client goes away ends, and is told as abandoned", async () => {
    const request = httpRequest(at, {
      method: "POST",
      headers: { "X-ClickHouse-User": "analyst", "X-ClickHouse-Key": "a" },
    });
    request.on("error", () => undefined);
    request.end("SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1");
    while (told.length === 0) await sleep(20);
    request.destroy();
    while (told.length === 1) await sleep(20);
    expect(told[1]).toMatchObject({ outcome: "abandoned", rows: null });
  });
});
