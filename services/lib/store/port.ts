import type { z } from "zod";

/** A reviewed statement: one .sql file, parameters and rows parsed at both ends. */
export interface Query<P extends z.ZodType, R extends z.ZodType> {
  readonly name: string;
  /** One SELECT with `{name:Type}` placeholders. */
  readonly sql: string;
  readonly params: P;
  /** Schema of one row; integers of 64 bits arrive as strings. */
  readonly row: R;
}

export interface Insert {
  readonly table: "flows" | "sessions" | "ledger" | "exporters" | "submissions" | "snapshots" | "snapshot_answers";
  /** An Arrow IPC stream whose columns are named as the table's. */
  readonly arrow: Uint8Array;
  readonly rows: number;
  /** The same token never inserts twice, neither into the table nor into its rollups. */
  readonly token: string;
}

export interface RawLimits {
  readonly maxExecutionS: number;
  readonly maxRows: number;
  readonly maxMemoryBytes: number;
}

/** What a person's statement may see: every table, or only the views of the analysts' database. */
export type Sight = "all" | "analyst";

export interface RawOptions {
  readonly sight?: Sight;
  /** Ends the statement when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface RawResult {
  readonly columns: readonly { name: string; type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  /** What the engine did for it, by its own account. */
  readonly effort: Effort;
}

/** What a statement cost: time, and what was read from tables. */
export interface Effort {
  readonly elapsedMs: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
}

/** ClickHouse behind a port: the embedded engine or a server over HTTP, held to one suite. */
export interface Store {
  /** Applies the migrations that are missing, in order. Throws MIGRATION_CHANGED or STORE_INVALID. */
  migrate(): Promise<void>;
  /** Stores the rows exactly once; retries of the same token are safe. */
  insert(insert: Insert): Promise<void>;
  query<P extends z.ZodType, R extends z.ZodType>(query: Query<P, R>, params: z.input<P>): Promise<z.output<R>[]>;
  /** Runs a person's statement with readonly=1 and limits; it sees all where nothing else is said. Throws QUERY_REFUSED with the engine's reason. */
  raw(statement: string, limits: RawLimits, options?: RawOptions): Promise<RawResult>;
  ping(): Promise<void>;
  stop(): Promise<void>;
}
