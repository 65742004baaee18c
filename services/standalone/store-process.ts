import { join } from "node:path";
import { createMonitor } from "@v6meter/monitor";
import { ensureWritableFolder, type Logger, startWith } from "@v6meter/runtime";
import { type Config, Fault, formatHostPort } from "@v6meter/schemas";
import { openEmbeddedStore } from "@v6meter/store";
import { openAccess } from "./access.ts";
import { sqlFigures } from "./figures.ts";
import { openKey } from "./keys.ts";
import type { Program, Running } from "./run.ts";
import { sqlAccess } from "./sql-access.ts";
import { ANALYST, OWNER, startSqlPort } from "./sql-port.ts";

/** The embedded engine as a server for the other processes: they make its tables. */
async function startStoreProcess(config: Config, logger: Logger): Promise<Running> {
  const { sql, url } = config.store;
  if (url !== null || sql === null) {
    const setting = url === null ? "store.sql: null" : `store.url: ${url}`;
    throw new Fault(
      "CONFIG_INVALID",
      `${setting}; store serves its own engine: allowed is no store.url, and a HOST:PORT as store.sql.`,
    );
  }
  await ensureWritableFolder(config.data_dir, "data_dir");
  const { key } = await openKey(config, "admin");
  const owner = await openKey(config, "store");
  const analyst = await openKey(config, "analyst");
  await using parts = new AsyncDisposableStack();
  const access = await openAccess(parts, config, logger);
  const path = join(config.data_dir, "store");
  const store = parts.adopt(
    await openEmbeddedStore({ path, config: config.store, leastUsers: config.query.min_cell_users }),
    (it) => it.stop(),
  );
  const users = [
    { name: OWNER, rights: "all", password: owner.key },
    { name: ANALYST, rights: "read", sight: "analyst", password: analyst.key },
  ] as const;
  const listener = await startSqlPort(parts, {
    config,
    store,
    users,
    access: sqlAccess(access, config.access, logger),
    logger,
  });
  const monitor = createMonitor({
    at: config.store.monitor,
    setting: "store.monitor",
    key,
    figures: () => sqlFigures(listener),
    trouble: () => null,
    logger,
  });
  await startWith(parts, monitor);

  const running = parts.move();
  return {
    failed: new Promise(() => {}),
    announce: () => [
      `MON   http://${formatHostPort(monitor.address)}/metrics`,
      `SQL   http://${listener && formatHostPort(listener.address)}  (ClickHouse over HTTP)`,
      `user  ${OWNER}, who may do everything; password in ${owner.file}`,
      `user  ${ANALYST}, who reads; password in ${analyst.file}`,
    ],
    stop: () => running.disposeAsync(),
  };
}

/** `v6meter store`. */
export const STORE: Program<Running> = {
  name: "store",
  says: "the embedded store, served as ClickHouse over HTTP",
  options: ["data", "keys", "sql", "store-monitor"],
  start: startStoreProcess,
};
