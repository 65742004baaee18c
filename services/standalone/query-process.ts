import { CONSOLE_PAGES } from "@v6meter/console";
import { createQueryService } from "@v6meter/query";
import { loadTemplate, reportRoutes } from "@v6meter/report";
import type { Logger } from "@v6meter/runtime";
import { type Config, formatHostPort } from "@v6meter/schemas";
import { openServerStore } from "@v6meter/store";
import { openAccess } from "./access.ts";
import { startDrafts } from "./drafts.ts";
import { keyLine } from "./keys.ts";
import { needServerStore } from "./needs.ts";
import { watchRegistryAnswers } from "./registry-answers.ts";
import type { Program, Running } from "./run.ts";

/** The API over a store in a process of its own: it makes no table, and writes submissions and snapshots only. */
async function startQueryProcess(config: Config, logger: Logger): Promise<Running> {
  needServerStore(config);
  await using parts = new AsyncDisposableStack();
  const access = await openAccess(parts, config, logger);
  const { adminKey, identities, audit, readAudit, keys } = access;
  access.checkListens("query.http", config.query.http);
  const store = parts.adopt(await openServerStore({ config: config.store }), (it) => it.stop());
  const query = createQueryService({
    store,
    config: config.query,
    identities,
    audit,
    readAudit,
    keys,
    access: config.access,
    pages: CONSOLE_PAGES,
    ...watchRegistryAnswers(parts, config.classifier.registry_dir, logger),
    routes: [reportRoutes({ template: loadTemplate(config.report.template_file) })],
    logger,
  });
  const http = await query.start();
  parts.defer(() => query.stop());
  startDrafts(parts, { config, query, adminKey: adminKey.key, logger });

  const running = parts.move();
  return {
    failed: new Promise(() => {}),
    announce: () => [
      `API   http://${formatHostPort(http)}/api/v1/traffic/share`,
      `docs  http://${formatHostPort(http)}/docs`,
      keyLine(adminKey),
    ],
    stop: () => running.disposeAsync(),
  };
}

/** `v6meter query`. */
export const QUERY: Program<Running> = {
  name: "query",
  says: "the API over the store",
  options: ["data", "keys", "store", "http", "registry"],
  start: startQueryProcess,
};
