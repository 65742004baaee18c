import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ClickHouseClient, type ClickHouseSettings, createClient } from "@clickhouse/client";
import type { StoreConfig } from "@v6meter/schemas";
import { Session } from "chdb";
import { createChdbConnection } from "chdb/connection";
import type { z } from "zod";
import { analystDatabase, settleAnalystViews } from "./analyst-views.ts";
import { untilAcknowledged } from "./attempts.ts";
import { repairDeduplicationLogs } from "./deduplication-log.ts";
import { endingWith } from "./ending.ts";
import { engineFault } from "./engine-fault.ts";
import { lockFolder } from "./folder-lock.ts";
import { INSERT_COLUMNS } from "./insert-columns.ts";
import { InsertFiles } from "./insert-file.ts";
import { INSERT_SETTINGS } from "./insert-settings.ts";
import { applyMigrations } from "./migrate.ts";
import {
  type Ask,
  askIn,
  engineLimits,
  JUDGING_SESSION,
  judgePersonStatement,
  limitedSettings,
  quoted,
  quotedName,
  runPersonStatement,
  settingsStatement,
} from "./person-statement.ts";
import type { Insert, Query, RawLimits, RawOptions, RawResult, Store } from "./port.ts";
import { settleTables } from "./raw-tables.ts";
import { runQuery } from "./run-query.ts";
import { Turns } from "./turns.ts";
import { Underway } from "./underway.ts";

type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>["connection"]>;

export interface EmbeddedStoreOptions {
  /** Folder of the store, made where it is missing: the engine's files, inserts on their way, the lock. */
  readonly path: string;
  readonly config: StoreConfig;
  /** The analysts' views leave out groups of fewer users; the setting's default where it is missing. */
  readonly leastUsers?: number | undefined;
}

/**
 * Statements that read at once. Each statement that runs holds a thread of libuv's pool, which has four
 * by default: one writes, two read, one is left for everybody else.
 */
const READERS = 2;

/** The engine behind an embedded store, for its interface over HTTP. */
export interface Engine {
  readonly config: StoreConfig;
  readonly files: InsertFiles;
  /** Runs a task in a session of its own, among the statements that read. */
  read<T>(task: (session: Session) => Promise<T>): Promise<T>;
  /** Runs a task in a session of its own, where nothing else writes. */
  write<T>(task: (session: Session) => Promise<T>): Promise<T>;
  /** Ends the statement whose setting log_comment is this one. */
  kill(comment: string): Promise<void>;
}

/** A store whose engine runs in this process. */
export interface EmbeddedStore extends Store {
  readonly engine: Engine;
}

/**
 * Opens the embedded engine on a folder. One process has one engine, and one folder belongs to one
 * process: throws DATA_IN_USE where another has it.
 */
export async function openEmbeddedStore({ path, config, leastUsers }: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const folder = resolve(path);
  const lock = lockFolder(join(folder, "lock"));
  try {
    const enginePath = join(folder, "engine");
    mkdirSync(enginePath, { recursive: true });
    repairDeduplicationLogs(enginePath);
    const files = new InsertFiles(join(folder, "inserts"));
    await files.open();
    return new ChdbStore({ enginePath, files, config, leastUsers, release: () => lock.release() });
  } catch (error) {
    lock.release();
    throw engineFault(`The store in ${folder} does not open`, error);
  }
}

interface Parts {
  readonly enginePath: string;
  readonly files: InsertFiles;
  readonly config: StoreConfig;
  readonly leastUsers: number | undefined;
  readonly release: () => void;
}

class ChdbStore implements EmbeddedStore {
  readonly engine: Engine;
  readonly #parts: Parts;
  readonly #settings: ClickHouseSettings;
  readonly #writer: ClickHouseClient;
  readonly #readers: ClickHouseClient[];
  readonly #writing: Turns<ClickHouseClient>;
  readonly #reading: Turns<ClickHouseClient>;
  readonly #underway = new Underway();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { max_memory_bytes, max_threads } = parts.config;
    this.#settings = {
      max_threads,
      // All sessions of the embedded engine are one user's: this is the limit of all statements together.
      max_memory_usage_for_user: String(max_memory_bytes),
      output_format_json_quote_64bit_integers: 1,
      session_timezone: "UTC",
    };
    this.#writer = this.#session();
    this.#readers = Array.from({ length: READERS }, () => this.#session());
    this.#writing = new Turns([this.#writer]);
    this.#reading = new Turns(this.#readers);
    this.engine = {
      config: parts.config,
      files: parts.files,
      read: (task) => this.#underway.run(() => this.#reading.take(() => this.#inOwnSession(task))),
      write: (task) => this.#underway.run(() => this.#writing.take(() => this.#inOwnSession(task))),
      kill: (comment) =>
        this.#inOwnSession(async (session) => {
          await session.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${quoted(comment)} ASYNC`);
        }),
    };
  }

  async #inOwnSession<T>(task: (session: Session) => Promise<T>): Promise<T> {
    const session = new Session(this.#parts.enginePath);
    try {
      return await task(session);
    } finally {
      session.close();
    }
  }

  /** A session runs one statement at a time and keeps what was SET in it. */
  #session(clickhouse_settings = this.#settings): ClickHouseClient {
    // Two copies of one declaration, in chdb's client-common and inside the client, that TypeScript keeps apart.
    const connection = createChdbConnection({ path: this.#parts.enginePath }) as unknown as Connection;
    return createClient({ connection, clickhouse_settings });
  }

  migrate(): Promise<void> {
    return this.#underway.run(() =>
      this.#writing.take(async (client) => {
        try {
          await applyMigrations(client);
          await settleTables(client, { rawTtlDays: this.#parts.config.raw_ttl_days });
          const { config, leastUsers } = this.#parts;
          await settleAnalystViews(client, {
            database: "default",
            analyst: config.analyst_database,
            ...(leastUsers !== undefined && { leastUsers }),
          });
        } catch (error) {
          throw engineFault("The migration of the store failed", error);
        }
      }),
    );
  }

  insert(insert: Insert): Promise<void> {
    return this.#underway.run(() => this.#writing.take((client) => this.#insertFrom(client, insert)));
  }

  async #insertFrom(client: ClickHouseClient, { table, arrow, rows, token }: Insert): Promise<void> {
    const { files } = this.#parts;
    const what = `The insert of ${rows} rows into ${table} failed`;
    const path = await files.put(token, arrow).catch((error: unknown) => {
      throw engineFault(what, error);
    });
    const columns = INSERT_COLUMNS[table].join(", ");
    const source = `file('${path.replaceAll(/[\\']/g, "\\$&")}', 'ArrowStream')`;
    const attempt = async () => {
      await client.command({
        query: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${source}`,
        clickhouse_settings: { ...INSERT_SETTINGS, insert_deduplication_token: token },
      });
    };
    try {
      await untilAcknowledged(attempt, (error) => engineFault(what, error));
    } catch (error) {
      // A refused insert is not tried again as it is, so its bytes must not stand in for better ones.
      if (!engineFault(what, error).retry) await files.remove(path);
      throw error;
    }
    await files.remove(path);
  }

  query<P extends z.ZodType, R extends z.ZodType>(query: Query<P, R>, params: z.input<P>): Promise<z.output<R>[]> {
    return this.#underway.run(() => this.#reading.take((client) => runQuery(client, query, params, engineFault)));
  }

  raw(statement: string, limits: RawLimits, { sight = "all", signal }: RawOptions = {}): Promise<RawResult> {
    const { config } = this.#parts;
    const tag = randomUUID();
    const settings = { ...engineLimits(config), ...limitedSettings(limits), log_comment: tag };
    return this.#underway.run(() =>
      this.#reading.take(async () => {
        const analyst = sight === "analyst" ? analystDatabase(config.analyst_database) : null;
        const judged = await this.#inFreshSession([JUDGING_SESSION], (ask) =>
          judgePersonStatement(ask, statement, analyst),
        );
        const setUp = [...(analyst === null ? [] : [`USE ${quotedName(analyst)}`]), settingsStatement(settings)];
        return endingWith(
          signal,
          () => this.engine.kill(tag),
          () => this.#inFreshSession(setUp, (ask) => runPersonStatement(ask, judged)),
        );
      }),
    );
  }

  /** A person's statement has a session to itself: nothing it leaves there meets another's. */
  async #inFreshSession<T>(setUp: readonly string[], task: (ask: Ask) => Promise<T>): Promise<T> {
    const session = this.#session({});
    try {
      for (const query of setUp) await session.command({ query });
      return await task(askIn(session));
    } catch (error) {
      throw engineFault("The statement failed", error);
    } finally {
      await session.close();
    }
  }

  async ping(): Promise<void> {
    await this.#underway.run(() =>
      this.#reading.take(async (client) => {
        const answer = await client.ping();
        if (!answer.success) throw engineFault("The store does not answer", answer.error);
      }),
    );
  }

  stop(): Promise<void> {
    return this.#underway.stop(async () => {
      for (const client of [...this.#readers, this.#writer]) await client.close();
      this.#parts.release();
    });
  }
}
