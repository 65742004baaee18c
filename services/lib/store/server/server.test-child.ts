/**
 * A server to be killed: `node server.test-child.ts FOLDER PORT`. ClickHouse's HTTP interface over the embedded
 * engine, for a user without a password who may do everything and one with. Says where it listens; port 0 is any.
 */

import { writeSync } from "node:fs";
import { createLogger } from "@v6meter/runtime";
import { storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "../embedded.ts";
import { createSqlPort } from "../interface/index.ts";

const [folder = "", port = "0"] = process.argv.slice(2);
const store = await openEmbeddedStore({ path: folder, config: storeConfig.parse({}) });
const sql = createSqlPort({
  engine: store.engine,
  at: { host: "127.0.0.1", port: Number(port) },
  users: [
    { name: "default", password: "", rights: "all" },
    { name: "writer", password: "a pass: wörd", rights: "all" },
  ],
  limits: { maxExecutionS: 30, maxRows: 100_000, maxMemoryBytes: 1_000_000_000 },
  logger: createLogger("error", "server"),
});
const at = await sql.start();
writeSync(1, `http://${at.host}:${at.port}\n`);
process.once("SIGTERM", async () => {
  await sql.stop();
  await store.stop();
});
