import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows } from "@v6meter/batch";
import { storeConfig } from "@v6meter/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANALYST_ALLOWED, ANALYST_ESCAPES } from "../analyst.test-data.ts";
import { plainFlows } from "../flows.test-data.ts";
import type { Store } from "../port.ts";
import { killServers, startServer } from "./server.test-data.ts";
import { openServerStore } from "./server-store.ts";

const LIMITS = { maxExecutionS: 60, maxRows: 1_000, maxMemoryBytes: 500_000_000 };
const ANALYST = { sight: "analyst" } as const;
const root = mkdtempSync(join(tmpdir(), "v6meter-server-analyst-"));
let url: string;
let store: Store;

beforeAll(async () => {
  ({ url } = await startServer(root));
  store = await openServerStore({ config: storeConfig.parse({ url }) });
  await store.migrate();
  const arrow = encodeFlows(plainFlows([Date.now(), Date.now()]), { stage: "classify" });
  await store.insert({ table: "flows", arrow, rows: 2, token: "first" });
});
afterAll(async () => {
  await store.stop();
  killServers();
  rmSync(root, { recursive: true, force: true });
});

const asked = async (statement: string) => (await store.raw(statement, LIMITS, ANALYST)).rows;
/** The tables of a server lie in a database of their own. */
const ofServer = (statement: string) => statement.replaceAll(/\bdefault\b/g, "v6meter");

test("an analyst of a server's tables sees the views, whatever names the statement leaves out", async () => {
  expect(await asked("SELECT currentDatabase(), count() FROM flows")).toEqual([["analyst", "2"]]);
  for (const statement of ANALYST_ALLOWED) expect(await asked(statement), statement).toBeInstanceOf(Array);
});

test("the escapes are refused there, too", async () => {
  for (const statement of ANALYST_ESCAPES) {
    await expect(asked(ofServer(statement)), statement).rejects.toMatchObject({ code: "QUERY_REFUSED" });
  }
  const seesAll = await store.raw("SELECT max(subscriber) FROM v6meter.flows", LIMITS);
  expect(seesAll.rows).toHaveLength(1);
});

test("a second process that migrates finds the views as they are", async () => {
  const views = async () =>
    (await store.raw("SELECT name, uuid FROM system.tables WHERE database = 'analyst' ORDER BY name", LIMITS)).rows;
  const before = await views();
  const other = await openServerStore({ config: storeConfig.parse({ url }) });
  await other.migrate();
  await other.stop();
  expect(await views()).toEqual(before);
});

test("the analysts' database is not that of the tables", async () => {
  const other = await openServerStore({ config: storeConfig.parse({ url, analyst_database: "v6meter" }) });
  await expect(other.migrate()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await other.stop();
});

test("a statement that is aborted ends on the server", async () => {
  const gone = new AbortController();
  const statement = "SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1";
  const answer = store.raw(statement, LIMITS, { ...ANALYST, signal: gone.signal }).catch((error: unknown) => error);
  const running = async () =>
    (
      await store.raw(
        "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%processes%'",
        LIMITS,
      )
    ).rows[0]?.[0];
  while ((await running()) === "0") await sleep(50);
  gone.abort();
  expect(await answer).toBeInstanceOf(Error);
  while ((await running()) !== "0") await sleep(50);
});
