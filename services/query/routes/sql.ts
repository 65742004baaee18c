import { createHash } from "node:crypto";
import { type Audit, actorOf, type Identity } from "@v6meter/identity";
import { type AuditEntry, api, Fault, type QueryConfig } from "@v6meter/schemas";
import type { RawResult, Store } from "@v6meter/store";
import type { FastifyReply } from "fastify";
import type { Api } from "../api.ts";

/** Aborted when the client goes away before its answer was sent. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** `POST /api/v1/sql`: a person's own statements, read-only, limited and written down. */
export function sqlRoute(
  app: Api,
  { store, config, audit }: { store: Store; config: QueryConfig; audit: Audit },
): void {
  const limits = {
    maxExecutionS: config.sql_max_execution_s,
    maxRows: config.sql_max_rows,
    maxMemoryBytes: config.sql_max_memory_bytes,
  };
  // One at a time: a long statement must not hold every reader of the store and starve the rest of the API.
  let lastStatement: Promise<unknown> = Promise.resolve();
  const inTurn = (run: () => Promise<RawResult>) => {
    const result = lastStatement.then(run);
    lastStatement = result.catch(() => {});
    return result;
  };
  app.post(
    "/api/v1/sql",
    {
      schema: {
        tags: ["sql"],
        summary: "One read-only SQL statement",
        description: `Runs one SELECT of ClickHouse SQL. An analyst sees the views of the database \`analyst\`: \`flows\` with addresses cut to
/48 and /24 and without subscribers, traffic, users and the books. An administrator's key with the right \`raw\` sees every table.
Writing, changing settings and reading files or other hosts are refused. Limits: ${limits.maxExecutionS} s, ${limits.maxRows} rows,
${limits.maxMemoryBytes} bytes of memory. Integers of 64 bits and more are strings. Statements run one at a time and end when
their client goes away; every one is in the audit log, and by its SHA-256 in the log. Compare received_at by >= and <=, or with a
DateTime64: by > and < with a DateTime this engine can leave out rows of the second at the bound (ClickHouse issue 113993).`,
        body: api.sqlRequest,
        response: { 200: api.sqlResult },
      },
    },
    async (request, reply): Promise<api.SqlResult> => {
      const statement = request.body.query;
      const identity = request.identity as Identity;
      // The text itself can hold addresses, which are personal data: the log keeps what proves a text, not the text.
      const told = { who: identity.name, sha256: createHash("sha256").update(statement).digest("hex") };
      const entry = { actor: actorOf(identity), from: request.ip };
      const signal = goneSignal(reply);
      // A statement that cannot be written down is not run.
      await audit.append({
        ...entry,
        action: "sql.run",
        outcome: "started",
        detail: { statement, raw: identity.raw, by: "api" },
      });
      const startedAtMs = performance.now();
      const ended = async (outcome: string, rows: number | null) => {
        const durationMs = Math.round(performance.now() - startedAtMs);
        const detail: AuditEntry["detail"] = { sha256: told.sha256, rows, duration_ms: durationMs };
        await audit.append({ ...entry, action: "sql.end", outcome, detail });
        return durationMs;
      };
      try {
        const sight = identity.raw ? "all" : "analyst";
        const { columns, rows, effort } = await inTurn(() => store.raw(statement, limits, { sight, signal }));
        const durationMs = await ended("done", rows.length);
        request.log.info({ ...told, durationMs, rows: rows.length }, "sql statement");
        return {
          columns: [...columns],
          rows: rows.map((row) => [...row]),
          elapsed_ms: effort.elapsedMs,
          rows_read: effort.rowsRead,
          bytes_read: effort.bytesRead,
        };
      } catch (error) {
        const code = error instanceof Fault ? error.code : "INTERNAL";
        if (code !== "AUDIT_UNWRITABLE") await ended(signal.aborted ? "abandoned" : code, null);
        request.log.warn({ ...told, durationMs: performance.now() - startedAtMs, code }, "sql statement failed");
        throw error;
      }
    },
  );
}
