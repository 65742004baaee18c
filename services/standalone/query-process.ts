import { createQueryService } from "@v6meter/query";
import type { Logger } from "@v6meter/runtime";
import { type Config, formatHostPort } from "@v6meter/schemas";
import { openServerStore } from "@v6meter/store";
import { keyLine, openKey } from "./keys.ts";
import { needServerStore } from "./needs.ts";
import type { Program, Running } from "./run.ts";

/** The API over a store in a process of its own: it reads only, and makes no table. */
async function startQueryProcess(config: Config, logger: Logger): Promise<Running> {
  needServerStore(config);
  const adminKey = await openKey(config, "admin");
  await using parts = new AsyncDisposableStack();
  const store = parts.adopt(await openServerStore({ config: config.store }), (it) => it.stop());
  const query = createQueryService({ store, config: config.query, adminKey: adminKey.key, logger });
  const http = await query.start();
  parts.defer(() => query.stop());

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
  options: ["data", "keys", "store", "http"],
  start: startQueryProcess,
};
