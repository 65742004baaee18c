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
    elapsed_ms: z.int().min(0).describe("Time the engine took, without waiting for its turn"),
    rows_read: z.int().min(0).describe("Rows read from tables"),
    bytes_read: z.int().min(0).describe("Bytes read from tables, uncompressed"),
  })
  .describe("Columns and rows");
export type SqlResult = z.infer<typeof sqlResult>;

/** Answer of `GET /api/v1/sql/catalogue`: what a statement may read, and questions to start from. */
export const sqlCatalogue = z
  .object({
    database: z.string().describe("Database of the views; a key without the right raw need not name it"),
    raw: z.boolean().describe("Whether the key's statements see the tables behind the views"),
    views: z.array(
      z.object({
        name: z.string(),
        columns: z.array(
          z.object({
            name: z.string(),
            type: z.string().describe("ClickHouse type"),
            doc: z.string().describe("What it is; empty where the name says it"),
          }),
        ),
      }),
    ),
    questions: z.array(
      z.object({
        name: z.string(),
        zh: z.string(),
        en: z.string(),
        statement: z.string(),
      }),
    ),
  })
  .describe("Views, their columns and questions to start from; of questions those that the key may run");
export type SqlCatalogue = z.infer<typeof sqlCatalogue>;
