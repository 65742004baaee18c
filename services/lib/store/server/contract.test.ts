import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { storeConfig } from "@v6meter/schemas";
import { afterAll } from "vitest";
import { storeContract } from "../contract.ts";
import { killServers, startServer } from "./server.test-data.ts";
import { openServerStore } from "./server-store.ts";

const root = mkdtempSync(join(tmpdir(), "v6meter-server-"));
const database = `v6meter_contract_${process.pid}`;
/** A real server to run the suite against, in a database of its own; else the interface over the embedded engine. */
const REAL = process.env.CLICKHOUSE_URL;

afterAll(async () => {
  if (REAL) {
    const client = createClient({ url: REAL });
    await client.command({ query: `DROP DATABASE IF EXISTS ${database} SYNC` });
    await client.close();
  }
  killServers();
  rmSync(root, { recursive: true, force: true });
});

storeContract("server", async () => {
  const url = REAL ?? (await startServer(root)).url;
  const store = await openServerStore({ config: storeConfig.parse({ url, database }) });
  await store.migrate();
  return store;
});
