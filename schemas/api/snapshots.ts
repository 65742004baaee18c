import { z } from "zod";
import { count } from "./count.ts";
import { instant } from "./instant.ts";
import { periodParameters } from "./parameters.ts";

/** How far a snapshot is. */
export const SNAPSHOT_STATES = ["taking", "taken", "unchanged", "failed"] as const;
export type SnapshotState = (typeof SNAPSHOT_STATES)[number];

/** Id of a snapshot: its month and version, such as 2026-10-v1. */
export const snapshotId = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])-v[1-9]\d{0,3}$/, {
  error: "a month and version such as 2026-10-v1",
});

/** The parameter `snapshot` of every question that snapshots keep. */
export const snapshotParameter = z
  .union([z.literal("live"), snapshotId], { error: "live, or the id of a snapshot such as 2026-10-v1" })
  .optional()
  .describe(
    "Of a closed month: the id of a snapshot, or live for the figures as they are now; without it the newest snapshot of the month that holds the question",
  );

/** Which snapshot an answer comes from. */
export const snapshotSource = z.object({ id: z.string(), version: z.int(), taken_at: instant });
export type SnapshotSource = z.infer<typeof snapshotSource>;

/** The member `snapshot` of an answer. */
export const snapshotMember = snapshotSource
  .nullable()
  .optional()
  .describe("The snapshot it comes from; null: a closed month, computed now; absent: no closed month is asked for");

/** What a snapshot is and how far it is. */
export const snapshot = z.object({
  id: z.string(),
  month: z.string(),
  version: z.int().describe("1, and one more for every restatement"),
  state: z
    .enum(SNAPSHOT_STATES)
    .describe("taking; taken: in force; unchanged: no answer differs from the version before; failed: see reason"),
  taken_at: instant.nullable(),
  published_at: instant.nullable().describe("Since when the public sees its indicators; null: not"),
  data_cut: instant.nullable().describe("When the newest flow was received as it began"),
  reason: z.string().describe("Why it was taken, or why it failed"),
  catalogue: z.string().describe("SHA-256 of the catalogue in force"),
  questions: z.int().describe("Standard questions of the month"),
  answered: z.int().describe("Of them asked so far"),
  differing: z
    .int()
    .describe("Answers it keeps: all of version 1, of others those that differ from the version before"),
  refused: z
    .array(z.object({ question: z.string(), reason: z.string() }))
    .describe("Questions the API did not answer; they are not in it"),
});
export type Snapshot = z.infer<typeof snapshot>;

/** Parameters of `GET /api/v1/snapshots`. */
export const snapshotsParameters = z.strictObject({ month: periodParameters.month });

/** Answer of `GET /api/v1/snapshots`. */
export const snapshots = z.object({ snapshots: z.array(snapshot) }).describe("By month and version, the newest first");
export type Snapshots = z.infer<typeof snapshots>;

/** Body of `POST /api/v1/snapshots`. */
export const snapshotRequest = z.strictObject({
  month: z
    .string({ error: "a month such as 2026-10, cut in Asia/Shanghai" })
    .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: "a month such as 2026-10, cut in Asia/Shanghai" })
    .describe("A month of Asia/Shanghai that has ended"),
  reason: z.string().max(500, { error: "at most 500 characters" }).optional().describe("Why; told with the snapshot"),
});

const leaf = z.union([z.number(), count, z.string()]).nullable();

/** A figure that a restatement changed. */
export const snapshotDifference = z.object({
  question: z.string().describe("Canonical path that asks for it"),
  row: z.string().describe("Where in the answer, by the words of the row"),
  field: z.string(),
  old: leaf.describe("In the version before; null: not there, or suppressed in either"),
  new: leaf,
  difference: z.number().nullable().describe("new - old; null where there is none"),
  suppressed: z.boolean().describe("The row is suppressed in one of the versions, so its figures are not told"),
});
export type SnapshotDifference = z.infer<typeof snapshotDifference>;

/** Answer of `GET /api/v1/snapshots/{id}/differences`. */
export const snapshotDifferences = z
  .object({ id: z.string(), previous: z.string().nullable(), differences: z.array(snapshotDifference) })
  .describe("What a restatement changed; empty for version 1");
export type SnapshotDifferences = z.infer<typeof snapshotDifferences>;
