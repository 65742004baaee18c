import { storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "./embedded.ts";

const LIMITS = { maxExecutionS: 20, maxRows: 1_000, maxMemoryBytes: 500_000_000 };

const config = storeConfig.parse({ analyst_database: null });
const store = await openEmbeddedStore({ path: process.argv[2] as string, config });
await store.migrate();
const { rows } = await store.raw("SELECT name FROM system.databases WHERE name = 'analyst'", LIMITS);
const refused = await store.raw("SELECT 1", LIMITS, { sight: "analyst" }).catch((error: Error) => error.message);
await store.stop();
process.stdout.write(JSON.stringify({ databases: rows, refused }));
