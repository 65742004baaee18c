import { z } from "zod";
import { hostPort } from "./address.ts";

export const queryConfig = z
  .strictObject({
    http: hostPort.default("127.0.0.1:8080").describe("Address of the API"),
    catalogue_dir: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "Folder of YAML and CSV files with indicators, objects, targets and reported figures beside the built-in ones; looked at whenever they are asked for; null: none",
      ),
    sql_max_execution_s: z
      .int()
      .min(1)
      .max(3_600)
      .default(30)
      .describe("Longest run of a statement sent to the SQL endpoint"),
    sql_max_rows: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(100_000)
      .describe("Rows a statement of the SQL endpoint may return"),
    sql_max_memory_bytes: z
      .int()
      .min(16_777_216)
      .default(1_073_741_824)
      .describe("Memory a statement of the SQL endpoint may use"),
    min_cell_users: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10)
      .describe(
        "A figure of fewer users is not published, nor one that would tell it, and the views of analysts leave it out; 1: all are",
      ),
    close_after_days: z
      .int()
      .min(0)
      .max(60)
      .nullable()
      .default(5)
      .describe(
        "A month that has traffic is frozen by itself so many days after its end, at 00:00 UTC+8; null: only when asked",
      ),
    restate_check: z
      .boolean()
      .default(true)
      .describe("Look once a day whether late data changed a frozen month; then it gets one version more"),
  })
  .describe("Query API");
