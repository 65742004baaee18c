import { join } from "node:path";
import { openEmbeddedBus } from "@v6meter/bus";
import { loadRegistry } from "@v6meter/classify";
import { createCollectors } from "@v6meter/collector";
import { CONSOLE_PAGES } from "@v6meter/console";
import { createQueryService } from "@v6meter/query";
import { loadTemplate, reportRoutes } from "@v6meter/report";
import { ensureWritableFolder, type Logger, startWith } from "@v6meter/runtime";
import { type Config, Fault, formatHostPort, type HostPort } from "@v6meter/schemas";
import { openEmbeddedStore } from "@v6meter/store";
import { openAccess } from "./access.ts";
import { accountingLine, startAccounting } from "./accounting.ts";
import { startClassifying } from "./classifying.ts";
import { startDrafts } from "./drafts.ts";
import { accountingFigures, busFigures, classifierFigures, collectorFigures, sqlFigures } from "./figures.ts";
import { type Key, keyLine, openKey } from "./keys.ts";
import { watchRegistryAnswers } from "./registry-answers.ts";
import type { Program, Running } from "./run.ts";
import { sqlAccess } from "./sql-access.ts";
import { ANALYST, startSqlPort } from "./sql-port.ts";
import { supervise } from "./supervision.ts";

export interface App extends Running {
  readonly udp: readonly HostPort[];
  /** Where it takes RADIUS accounting. */
  readonly radius: readonly HostPort[];
  readonly http: HostPort;
  readonly adminKey: Key;
}

/** Kafka and a server store belong to processes of their own: said, not silently left aside. */
function checkStandsAlone({ bus, store }: Config): void {
  const set = [bus.kafka.brokers.length > 0 && "bus.kafka.brokers", store.url !== null && "store.url"].filter(Boolean);
  if (set.length === 0) return;
  throw new Fault(
    "CONFIG_INVALID",
    `${set.join(" and ")}: start runs bus and store in its own process; allowed is none. Use the commands collector, accounting, classifier and query.`,
  );
}

/**
 * The whole platform in this process, wired by hand against the way of the data: the store is up before
 * the classifier, the classifier before the collector. When a part cannot start, those that run stop.
 */
export async function startApp(config: Config, logger: Logger): Promise<App> {
  checkStandsAlone(config);
  loadRegistry(config.classifier.registry_dir);
  await ensureWritableFolder(config.data_dir, "data_dir");
  const subscriberKey = await openKey(config, "subscriber");
  const analystKey = await openKey(config, "analyst");
  const { failed, ended } = supervise();

  await using parts = new AsyncDisposableStack();
  const access = await openAccess(parts, config, logger);
  const { adminKey, identities, audit } = access;
  access.checkListens("query.http", config.query.http);
  access.checkListens("store.sql", config.store.sql);
  const storePath = join(config.data_dir, "store");
  const store = parts.adopt(
    await openEmbeddedStore({ path: storePath, config: config.store, leastUsers: config.query.min_cell_users }),
    (it) => it.stop(),
  );
  await store.migrate();
  const busOptions = { path: join(config.data_dir, "bus"), partitions: config.bus.partitions };
  const bus = parts.adopt(await openEmbeddedBus({ ...busOptions, maxBytes: config.bus.max_bytes }), (it) => it.stop());
  const classifying = await startClassifying(parts, {
    config: config.classifier,
    bus,
    store,
    subscriberKey: subscriberKey.key,
    logger,
    onExit: ended("classifier"),
  });

  const accounting = await startAccounting(parts, { config, bus, logger, onExit: ended("accounting") });
  const collectors = createCollectors({ config, busPath: busOptions.path, logger, onExit: ended("collector") });
  const users = [{ name: ANALYST, rights: "read", sight: "analyst", password: analystKey.key }] as const;
  const sql = await startSqlPort(parts, {
    config,
    store,
    users,
    access: sqlAccess(access, config.access, logger),
    logger,
  });
  const query = createQueryService({
    store,
    config: config.query,
    identities,
    audit,
    readAudit: access.readAudit,
    keys: access.keys,
    access: config.access,
    pages: CONSOLE_PAGES,
    ...watchRegistryAnswers(parts, config.classifier.registry_dir, logger),
    routes: [reportRoutes({ template: loadTemplate(config.report.template_file) })],
    logger,
    live: async () => [
      ...(await busFigures(bus)),
      ...(await classifierFigures(classifying)),
      ...collectorFigures(collectors),
      ...accountingFigures(accounting),
      ...sqlFigures(sql),
    ],
    trouble: () => classifying.trouble() ?? accounting?.trouble() ?? null,
  });
  const http = await query.start();
  parts.defer(() => query.stop());
  startDrafts(parts, { config, query, adminKey: adminKey.key, logger });
  await startWith(parts, collectors);

  const running = parts.move();
  let stopping: Promise<void> | undefined;
  return {
    udp: collectors.addresses,
    radius: accounting?.addresses ?? [],
    http,
    adminKey,
    failed,
    announce: () => [
      `UDP   ${collectors.addresses.map(formatHostPort).join("  ")}  (NetFlow v1, v5, v7, v9, IPFIX on each)`,
      ...accountingLine(accounting?.addresses ?? []),
      `API   http://${formatHostPort(http)}/api/v1/traffic/share`,
      `docs  http://${formatHostPort(http)}/docs`,
      ...(sql
        ? [`SQL   http://${formatHostPort(sql.address)}  (user ${ANALYST}, password in ${analystKey.file})`]
        : []),
      keyLine(adminKey),
    ],
    stop: () => {
      stopping ??= running.disposeAsync();
      return stopping;
    },
  };
}

/** `v6meter start`. */
export const APP: Program<App> = {
  name: "start",
  says: "the platform in one process",
  options: ["data", "keys", "udp", "accounting", "clients", "http", "sql", "registry"],
  start: startApp,
};
