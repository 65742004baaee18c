import { z } from "zod";

/** Body of `POST /api/v1/sql`. */
export const sqlRequest = z.strictObject(
  {
    query: z
      .string({ error: "one SELECT statement" })
      .trim()
      .min(1, { error: "one SELECT statement" })
      .max(262_144, { error: "a statement of at most 262144 characters" })
      .describe("One read-only statement"),
  },
  { error: "a JSON object with the member query" },
);

/** Answer of `POST /api/v1/sql`: integers of 64 bits and more are strings. */
export const sqlResult = z
  .object({
    columns: z.array(z.object({ name: z.string(), type: z.string().describe("ClickHouse type") })),
    rows: z.array(z.array(z.unknown())),
  })
  .describe("Columns and rows");
export type SqlResult = z.infer<typeof sqlResult>;
