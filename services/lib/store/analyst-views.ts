import { createHash } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import { type CountsAs, Fault, queryConfig, TECHNOLOGIES } from "@v6meter/schemas";
import { type AnalystView, listAnalystViews } from "@v6meter/sql";
import { engineReason, isEngineError } from "./engine-fault.ts";
import { quoted, quotedName } from "./person-statement.ts";

/** Where the views are made, and over which tables. */
export interface AnalystPlace {
  /** Database of the tables. */
  readonly database: string;
  /** Database of the views; null: none are made. */
  readonly analyst: string | null;
  readonly cluster?: string | null;
  /** The views leave out groups of fewer users; the setting's default where it is missing. */
  readonly leastUsers?: number;
}

/** The analysts' database of the settings. Throws QUERY_REFUSED where there is none. */
export function analystDatabase(name: string | null): string {
  if (name !== null) return name;
  throw new Fault("QUERY_REFUSED", "store.analyst_database: null, so there are no views for analysts to ask.");
}

/** Technologies that count as a class; `auto` goes by the record's family. */
function technologies(countsAs: CountsAs | "auto"): string {
  const found = Object.entries(TECHNOLOGIES).filter(([, technology]) => technology.counts_as === countsAs);
  return found.map(([name]) => quoted(name)).join(", ");
}

/** The class of traffic by the vocabulary, which no view writes down again. */
const CLASS = `multiIf(
    technology IN (${technologies("v4")}), 'v4',
    technology IN (${technologies("v6_transition")}), 'v6_transition',
    technology IN (${technologies("auto")}) AND family = 4, 'v4',
    technology IN (${technologies("auto")}) AND family = 6, 'v6_native',
    'excluded')`;

const LEAST_USERS = queryConfig.parse({}).min_cell_users;

function filled(select: string, { database, leastUsers = LEAST_USERS }: AnalystPlace): string {
  return select
    .replaceAll("{database}", quotedName(database))
    .replaceAll("{class}", CLASS)
    .replaceAll("{least_users}", String(leastUsers));
}

/** Marks a view with what it was made of, so that it is made anew only where that changes. */
function markOf(text: string): string {
  return `v6meter ${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

/**
 * The statement that makes a view. It reads with the rights of whoever made it: on a server, a user who may select
 * from the views alone sees nothing else.
 */
export function analystViewStatement(
  { name, select }: AnalystView,
  place: AnalystPlace & { analyst: string },
): { statement: string; mark: string } {
  const { analyst, cluster = null } = place;
  const where = `${quotedName(analyst)}.${quotedName(name)}${onCluster(cluster)}`;
  const made = `CREATE OR REPLACE VIEW ${where} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS ${filled(select, place)}`;
  const mark = markOf(made);
  return { statement: `${made}\nCOMMENT ${quoted(mark)}`, mark };
}

function onCluster(cluster: string | null): string {
  return cluster === null ? "" : ` ON CLUSTER ${quotedName(cluster)}`;
}

/** ACCESS_DENIED. */
const DENIED_CODE = "497";

/**
 * Makes the analysts' database and its views where they are missing or of another version. Throws STORE_REFUSED
 * where the user may not, with what to grant.
 */
export async function settleAnalystViews(client: ClickHouseClient, place: AnalystPlace): Promise<void> {
  const { analyst } = place;
  if (analyst === null) return;
  try {
    await settle(client, { ...place, analyst });
  } catch (cause) {
    if (!isEngineError(cause) || cause.code !== DENIED_CODE) throw cause;
    throw new Fault(
      "STORE_REFUSED",
      `store.analyst_database: the user may not make the views of ${analyst} (${engineReason(cause)}); grant it CREATE DATABASE, CREATE VIEW and DROP VIEW ON ${analyst}.*, or set null, which leaves analysts without SQL.`,
      { cause },
    );
  }
}

async function settle(client: ClickHouseClient, place: AnalystPlace & { readonly analyst: string }): Promise<void> {
  const { database, analyst, cluster = null } = place;
  if (analyst === database) {
    throw new Fault(
      "CONFIG_INVALID",
      `store.analyst_database: found ${analyst}, which is the database of the tables; allowed is another one, or null.`,
    );
  }
  // A user who may not make databases can work in one that is there.
  if (cluster !== null || !(await isThere(client, analyst))) {
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${quotedName(analyst)}${onCluster(cluster)}` });
  }
  const answer = await client.query({
    query: "SELECT name, comment FROM system.tables WHERE database = {analyst:String}",
    query_params: { analyst },
    format: "JSONEachRow",
  });
  const there = new Map((await answer.json<{ name: string; comment: string }>()).map((it) => [it.name, it.comment]));
  const views = listAnalystViews();
  for (const view of views) {
    const { statement, mark } = analystViewStatement(view, place);
    if (there.get(view.name) !== mark) await client.command({ query: statement });
  }
  // A view of an earlier version; what somebody else made there stays.
  const left = [...there].filter(
    ([name, comment]) => comment.startsWith("v6meter ") && !views.some((view) => view.name === name),
  );
  for (const [name] of left) {
    await client.command({
      query: `DROP VIEW IF EXISTS ${quotedName(analyst)}.${quotedName(name)}${onCluster(cluster)}`,
    });
  }
}

async function isThere(client: ClickHouseClient, database: string): Promise<boolean> {
  const answer = await client.query({
    query: "SELECT name FROM system.databases WHERE name = {database:String}",
    query_params: { database },
    format: "JSONEachRow",
  });
  return (await answer.json()).length > 0;
}
