import type { Logger } from "@v6meter/runtime";
import { type Config, type HostPort, parseHostPort } from "@v6meter/schemas";
import {
  createSqlPort,
  type EmbeddedStore,
  type SqlAccess,
  type SqlPortFigures,
  type SqlUser,
} from "@v6meter/store/interface";

/** Who reads by the SQL port of every platform. */
export const ANALYST = "analyst";
/** Who may do everything with a store in a process of its own. */
export const OWNER = "v6meter";

export interface SqlPortParts {
  readonly config: Config;
  readonly store: EmbeddedStore;
  readonly users: readonly SqlUser[];
  /** Named keys and tokens, and where statements are written down. */
  readonly access: SqlAccess;
  readonly logger: Logger;
}

/** An interface that listens. */
export interface SqlListener {
  readonly address: HostPort;
  figures(): SqlPortFigures;
}

/** ClickHouse's HTTP interface over the store of this process; null where store.sql is. Left to the stack to stop. */
export async function startSqlPort(
  parts: AsyncDisposableStack,
  { config, store, users, access, logger }: SqlPortParts,
): Promise<SqlListener | null> {
  if (config.store.sql === null) return null;
  const { sql_max_execution_s, sql_max_rows, sql_max_memory_bytes } = config.query;
  const port = createSqlPort({
    engine: store.engine,
    at: parseHostPort(config.store.sql) as HostPort,
    setting: "store.sql",
    users,
    access,
    limits: { maxExecutionS: sql_max_execution_s, maxRows: sql_max_rows, maxMemoryBytes: sql_max_memory_bytes },
    logger,
  });
  const address = await port.start();
  parts.defer(() => port.stop());
  return { address, figures: () => port.figures() };
}
