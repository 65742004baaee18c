import { z } from "zod";
import { monitorAddress } from "./address.ts";

export const classifierConfig = z
  .strictObject({
    monitor: monitorAddress(9602),
    registry_dir: z
      .string()
      .nullable()
      .default(null)
      .describe("Folder of registry files (YAML, CSV) beside the defaults; re-read when they change"),
    cut_rows: z.int().min(1_024).max(8_388_608).default(262_144).describe("Rows of one insert at most"),
    cut_interval_ms: z
      .int()
      .min(10)
      .max(60_000)
      .default(1_000)
      .describe("Longest time between two inserts while there is something to insert"),
    repeat_window_ms: z
      .int()
      .min(1_000)
      .default(300_000)
      .describe("How long a flow belongs to the router that showed it first"),
    repeat_slots: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(1_048_576)
      .describe("Flows followed at once to find repeats; 16 bytes each"),
    session_wait_ms: z
      .int()
      .min(0)
      .max(600_000)
      .default(5_000)
      .describe(
        "Flows wait so long on the bus, once any session is known, so that a session told late still finds them",
      ),
    session_window_ms: z
      .int()
      .min(60_000)
      .default(3_600_000)
      .describe("How long an ended session is kept for flows that come late"),
    session_grace_ms: z
      .int()
      .min(0)
      .max(60_000)
      .default(2_000)
      .describe(
        "A flow in no session's time belongs to the one that began or ended so near it: clocks differ a little",
      ),
    session_slots: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(1_048_576)
      .describe("Addresses and prefixes held by sessions at once when the table is made; it grows as needed"),
  })
  .describe("Classifier: bus to store");
