import { createHash } from "node:crypto";
import { api, Fault, type QueryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";

/** `POST /api/v1/sql`: the administrator's own statements, read-only and limited. */
export function sqlRoute(app: Api, store: Store, config: QueryConfig): void {
  const limits = {
    maxExecutionS: config.sql_max_execution_s,
    maxRows: config.sql_max_rows,
    maxMemoryBytes: config.sql_max_memory_bytes,
  };
  // One at a time: a long statement must not hold every reader of the store and starve the rest of the API.
  let lastStatement: Promise<unknown> = Promise.resolve();
  const inTurn = (statement: string) => {
    const result = lastStatement.then(() => store.raw(statement, limits));
    lastStatement = result.catch(() => {});
    return result;
  };
  app.post(
    "/api/v1/sql",
    {
      schema: {
        tags: ["sql"],
        summary: "One read-only SQL statement",
        description: `Runs one SELECT of ClickHouse SQL. Writing, changing settings and reading files or other hosts are refused. Limits:
${limits.maxExecutionS} s, ${limits.maxRows} rows, ${limits.maxMemoryBytes} bytes of memory. Integers of 64 bits and more are strings. Statements run
one at a time; every one is logged by its SHA-256. Compare received_at by >= and <=, or with a DateTime64: by > and < with
a DateTime this engine can leave out rows of the second at the bound (ClickHouse issue 113993).`,
        body: api.sqlRequest,
        response: { 200: api.sqlResult },
      },
    },
    async (request): Promise<api.SqlResult> => {
      const statement = request.body.query;
      // The text itself can hold addresses, which are personal data: the log keeps what proves a text, not the text.
      const audit = { who: "admin", sha256: createHash("sha256").update(statement).digest("hex") };
      const startedAtMs = performance.now();
      try {
        const { columns, rows } = await inTurn(statement);
        request.log.info({ ...audit, durationMs: performance.now() - startedAtMs, rows: rows.length }, "sql statement");
        return { columns: [...columns], rows: rows.map((row) => [...row]) };
      } catch (error) {
        const code = error instanceof Fault ? error.code : "INTERNAL";
        request.log.warn({ ...audit, durationMs: performance.now() - startedAtMs, code }, "sql statement failed");
        throw error;
      }
    },
  );
}
