import { z } from "zod";
import { hostPort, monitorAddress } from "./address.ts";
import { secretFile } from "./secret-file.ts";

export const storeConfig = z
  .strictObject({
    monitor: monitorAddress(9699),
    url: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null)
      .describe("ClickHouse's HTTP interface; null: the engine is embedded. CLICKHOUSE_URL sets it as well"),
    username: z.string().default("default").describe("User of the server"),
    password_file: secretFile("File that holds its password"),
    database: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .default("v6meter")
      .describe("Database of the server, made where it is missing and the user may"),
    cluster: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/)
      .nullable()
      .default(null)
      .describe("Cluster of the server: tables are Replicated and Distributed ON it; null: one server"),
    analyst_database: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .nullable()
      .default("analyst")
      .describe("Database of the analysts' views, made at every start; null: none is made and analysts have no SQL"),
    tls_ca_file: secretFile("Certificates of the authority that signed the server's, PEM; null: the system's"),
    request_timeout_ms: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(120_000)
      .describe("Longest wait for the server's answer"),
    sql: hostPort
      .nullable()
      .default("127.0.0.1:8123")
      .describe("Address of ClickHouse's HTTP interface over the embedded engine, for reading; null: none"),
    raw_ttl_days: z.int().min(1).max(3_650).default(30).describe("Rows of flows expire after so many days"),
    max_memory_bytes: z.int().min(268_435_456).default(4_294_967_296).describe("Memory the embedded engine may use"),
    max_threads: z.int().min(1).max(256).default(2).describe("Threads of one statement of the embedded engine"),
  })
  .describe("Store (ClickHouse)");
