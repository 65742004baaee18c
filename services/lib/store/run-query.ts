import type { ClickHouseClient } from "@clickhouse/client";
import { Fault } from "@v6meter/schemas";
import { z } from "zod";
import type { Query } from "./port.ts";

/** Runs a reviewed statement, parameters and rows parsed at both ends. Throws QUERY_INVALID and STORE_INVALID. */
export async function runQuery<P extends z.ZodType, R extends z.ZodType>(
  client: ClickHouseClient,
  query: Query<P, R>,
  params: z.input<P>,
  faultOf: (what: string, error: unknown) => Fault,
): Promise<z.output<R>[]> {
  const bound = query.params.safeParse(params);
  if (!bound.success) {
    throw new Fault("QUERY_INVALID", `The query ${query.name}: ${z.prettifyError(bound.error)}`);
  }
  const rows = await answered(client, query.sql, bound.data as Record<string, unknown>).catch((error: unknown) => {
    throw faultOf(`The query ${query.name} failed`, error);
  });
  const parsed = query.row.array().safeParse(rows);
  if (parsed.success) return parsed.data as z.output<R>[];
  throw new Fault("STORE_INVALID", `The rows of the query ${query.name}: ${z.prettifyError(parsed.error)}`);
}

async function answered(
  client: ClickHouseClient,
  query: string,
  query_params: Record<string, unknown>,
): Promise<unknown[]> {
  const answer = await client.query({ query, query_params, format: "JSONEachRow" });
  return answer.json();
}
