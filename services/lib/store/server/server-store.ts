import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import type { StoreConfig } from "@v6meter/schemas";
import type { z } from "zod";
import { analystDatabase, settleAnalystViews } from "../analyst-views.ts";
import { untilAcknowledged } from "../attempts.ts";
import { CLUSTER_INSERT_SETTINGS } from "../cluster/insert-settings.ts";
import { type Cluster, clusterDatabase } from "../cluster/statements.ts";
import { INSERT_COLUMNS } from "../insert-columns.ts";
import { ONE_BLOCK_SETTINGS } from "../insert-settings.ts";
import { applyMigrations } from "../migrate.ts";
import {
  type Ask,
  askIn,
  JUDGING_SETTINGS,
  judgePersonStatement,
  limitedSettings,
  runPersonStatement,
} from "../person-statement.ts";
import type { Insert, Query, RawLimits, RawOptions, RawResult, Store } from "../port.ts";
import { settleTables } from "../raw-tables.ts";
import { runQuery } from "../run-query.ts";
import { Underway } from "../underway.ts";
import { type Connection, connectionOf, onceMore } from "./connection.ts";

export interface ServerStoreOptions {
  /** `store.url` must be set. */
  readonly config: StoreConfig;
  /** Instead of what store.password_file holds. */
  readonly password?: string;
  /** The analysts' views leave out groups of fewer users; the setting's default where it is missing. */
  readonly leastUsers?: number;
}

/** Connections of each kind at once; what is more waits. */
const WRITERS = 4;
const READERS = 8;

/** Bytes written to a connection at once. */
const CHUNK_BYTES = 1_048_576;

const READING_SETTINGS: ClickHouseSettings = {
  output_format_json_quote_64bit_integers: 1,
  session_timezone: "UTC",
  // The status tells how a statement ended, not how it began.
  wait_end_of_query: 1,
  // A statement nobody waits for any more does not go on.
  cancel_http_readonly_queries_on_client_close: 1,
};

/**
 * Opens a ClickHouse server over HTTP; inert until it is asked something. Throws CONFIG_INVALID where a
 * setting or a file of it is not to be used.
 */
export async function openServerStore({ config, password, leastUsers }: ServerStoreOptions): Promise<Store> {
  return new ServerStore(config, connectionOf(config, password), leastUsers);
}

class ServerStore implements Store {
  readonly #config: StoreConfig;
  readonly #leastUsers: number | undefined;
  readonly #connection: Connection;
  readonly #writer: ClickHouseClient;
  readonly #reader: ClickHouseClient;
  readonly #underway = new Underway();
  #insertSettings: ClickHouseSettings | null = null;
  #readonly: string | null = null;
  #forAnalysts: ClickHouseClient | null = null;

  constructor(config: StoreConfig, connection: Connection, leastUsers: number | undefined) {
    const { database } = config;
    this.#leastUsers = leastUsers;
    this.#config = config;
    this.#connection = connection;
    this.#writer = connection.client({ database, settings: { wait_end_of_query: 1 }, connections: WRITERS });
    this.#reader = connection.client({ database, settings: READING_SETTINGS, connections: READERS });
  }

  migrate(): Promise<void> {
    return this.#underway.run(async () => {
      const { database, cluster: named, raw_ttl_days: rawTtlDays } = this.#config;
      const cluster = named === null ? null : { cluster: named, database };
      const settings = { ...READING_SETTINGS, cancel_http_readonly_queries_on_client_close: 0 } as const;
      const client = this.#connection.client({ database, settings, connections: 1 });
      try {
        await this.#makeDatabase(cluster);
        await applyMigrations(client, undefined, cluster);
        await settleTables(client, { rawTtlDays, cluster });
        await settleAnalystViews(client, {
          database,
          analyst: this.#config.analyst_database,
          cluster: named,
          ...(this.#leastUsers !== undefined && { leastUsers: this.#leastUsers }),
        });
      } catch (error) {
        throw this.#connection.faultOf("The migration of the store failed", error);
      } finally {
        await client.close();
      }
    });
  }

  /** A user who may not make databases can work in one that is there. */
  async #makeDatabase(cluster: Cluster | null): Promise<void> {
    const { database } = this.#config;
    const client = this.#connection.client({ database: "system", settings: { wait_end_of_query: 1 }, connections: 1 });
    try {
      const answer = await client.query({
        query: "SELECT name FROM system.databases WHERE name = {database:String}",
        query_params: { database },
        format: "JSONEachRow",
      });
      const [found] = await answer.json();
      if (cluster) await client.command({ query: clusterDatabase(cluster) });
      else if (!found) await client.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\`` });
    } finally {
      await client.close();
    }
  }

  insert({ table, arrow, rows, token }: Insert): Promise<void> {
    const query = `INSERT INTO ${table} (${INSERT_COLUMNS[table].join(", ")}) FORMAT ArrowStream`;
    // An attempt whose answer was lost may have stored the rows: the next one carries the same token and bytes.
    const attempt = async () => {
      this.#insertSettings ??= await this.#knownInsertSettings();
      const clickhouse_settings = { ...this.#insertSettings, insert_deduplication_token: token };
      const values = Readable.from(chunks(arrow), { objectMode: false });
      const { stream } = await this.#writer.exec({ query, values, clickhouse_settings });
      await text(stream);
    };
    const what = `The insert of ${rows} rows into ${table} failed`;
    return this.#underway.run(() => untilAcknowledged(attempt, (error) => this.#connection.faultOf(what, error)));
  }

  /** Servers before 26 know no deduplicate_insert and refuse what they do not know; where it is known it outweighs insert_deduplicate. */
  async #knownInsertSettings(): Promise<ClickHouseSettings> {
    const answer = await this.#reader.query({
      query: "SELECT name FROM system.settings WHERE name = 'deduplicate_insert'",
      format: "JSONEachRow",
    });
    const known = (await answer.json()).length > 0;
    return {
      ...ONE_BLOCK_SETTINGS,
      ...(known ? { deduplicate_insert: "enable" } : {}),
      ...(this.#config.cluster === null ? {} : CLUSTER_INSERT_SETTINGS),
    };
  }

  query<P extends z.ZodType, R extends z.ZodType>(query: Query<P, R>, params: z.input<P>): Promise<z.output<R>[]> {
    const { faultOf } = this.#connection;
    return this.#underway.run(() => onceMore(() => runQuery(this.#reader, query, params, faultOf)));
  }

  raw(statement: string, limits: RawLimits, { sight = "all", signal }: RawOptions = {}): Promise<RawResult> {
    return this.#underway.run(async () => {
      try {
        const analyst = sight === "analyst" ? analystDatabase(this.#config.analyst_database) : null;
        const judging = this.#ask(this.#reader, JUDGING_SETTINGS);
        const judged = await onceMore(() => judgePersonStatement(judging, statement, analyst));
        signal?.throwIfAborted();
        const client = analyst === null ? this.#reader : this.#analystReader(analyst);
        const limited = this.#ask(client, limitedSettings(limits), signal);
        return await onceMore(() => runPersonStatement(limited, judged));
      } catch (error) {
        throw this.#connection.faultOf("The statement failed", error);
      }
    });
  }

  /** Every request is a session of its own, which can only read; a user who can only read may not say so. */
  #ask(client: ClickHouseClient, settings: Readonly<Record<string, number | string>>, signal?: AbortSignal): Ask {
    return async (query, format) => {
      this.#readonly ??= await this.#usersReadonly();
      return askIn(client, this.#readonly === "0" ? { ...settings, readonly: 1 } : settings, signal)(query, format);
    };
  }

  /** Its database is the analysts': a name without one is a view of theirs. */
  #analystReader(database: string): ClickHouseClient {
    this.#forAnalysts ??= this.#connection.client({ database, settings: READING_SETTINGS, connections: READERS });
    return this.#forAnalysts;
  }

  async #usersReadonly(): Promise<string> {
    const query = "SELECT toString(getSetting('readonly')) AS value";
    const answer = await this.#reader.query({ query, format: "JSONEachRow" });
    const [row] = await answer.json<{ value: string }>();
    return row?.value ?? "0";
  }

  ping(): Promise<void> {
    return this.#underway.run(async () => {
      // By a statement: the path /ping answers without a login.
      const answer = await this.#reader.ping({ select: true });
      if (!answer.success) throw this.#connection.faultOf(`${this.#connection.origin} does not answer`, answer.error);
    });
  }

  stop(): Promise<void> {
    return this.#underway.stop(async () => {
      await this.#reader.close();
      await this.#forAnalysts?.close();
      await this.#writer.close();
    });
  }
}

function* chunks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
