import { randomBytes } from "node:crypto";
import type { Audit, AuditReader, Identities, Identity, KeyRing } from "@v6meter/identity";
import { openCatalogue } from "@v6meter/indicators";
import type { LiveFigures } from "@v6meter/monitor";
import {
  type AccessConfig,
  accessConfig,
  Fault,
  type HostPort,
  parseHostPort,
  type QueryConfig,
} from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { guard } from "./auth.ts";
import { createMetrics } from "./metrics.ts";
import { describeApi } from "./openapi.ts";
import { answerClientError, answerError, sendProblem } from "./problem.ts";
import { holdToRoles, type OwnerOf } from "./roles.ts";
import { auditRoute } from "./routes/audit.ts";
import { consoleRoutes } from "./routes/console.ts";
import { evaluationsRoute } from "./routes/evaluations.ts";
import { exportersRoute } from "./routes/exporters.ts";
import { healthRoutes } from "./routes/health.ts";
import { identityRoute } from "./routes/identity.ts";
import { indicatorRoutes } from "./routes/indicators.ts";
import { keyRoutes } from "./routes/keys.ts";
import { ledgerRoute } from "./routes/ledger.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { objectRoutes } from "./routes/objects.ts";
import { type Named, NO_REGISTRY, type RegistryState, registryRoute, registryStateRoute } from "./routes/registry.ts";
import { snapshotRoutes } from "./routes/snapshots.ts";
import { sqlRoute } from "./routes/sql.ts";
import { sqlCatalogueRoute } from "./routes/sql-catalogue.ts";
import { submissionRoutes } from "./routes/submissions.ts";
import { targetsRoute } from "./routes/targets.ts";
import { type FacesOf, trafficInterconnectRoute } from "./routes/traffic-interconnect.ts";
import { type Networks, NO_NETWORKS, trafficPeersRoute } from "./routes/traffic-peers.ts";
import { trafficShareRoute } from "./routes/traffic-share.ts";
import { activeUsersRoute } from "./routes/users-active.ts";
import { userMetersRoutes } from "./routes/users-meters.ts";
import { panelRoutes } from "./routes/users-panel.ts";
import { takeWhatIsDue } from "./snapshots/calendar.ts";
import { SnapshotRecord } from "./snapshots/record.ts";
import { serveSnapshots } from "./snapshots/serve.ts";
import { type AskLive, Taker, type TakerOptions } from "./snapshots/take.ts";
import { serveStatements, toldStore } from "./statements.ts";

export interface QueryServiceOptions {
  readonly store: Store;
  readonly config: QueryConfig;
  /** Who may ask what: keys and tokens. */
  readonly identities: Identities;
  /** Where what people did is written down. */
  readonly audit: Audit;
  /** Reads what was written down there; without it nothing of it is told. */
  readonly readAudit?: AuditReader;
  /** The named keys, which administrators list, make and revoke; without it none is. */
  readonly keys?: KeyRing;
  /** Limits of what keys and addresses may ask; the settings' defaults where it is missing. */
  readonly access?: AccessConfig;
  /** The operator an exporter belongs to, by the registry; without it operators see no exporter. */
  readonly ownerOf?: OwnerOf;
  /** What regions and operators are called, by the registry; nothing is named without it, and no submission may name any. */
  readonly named?: Named;
  /** Which registry that is, and why a change of its files was refused. */
  readonly registryState?: RegistryState;
  /** Whose addresses the far sides of flows are, by the registry; nobody's without it. */
  readonly networks?: () => Networks;
  /** Whom the interfaces of exporters face, by the registry; without it there is no direct-connect point. */
  readonly facesOf?: FacesOf;
  /** Routes of other services over this API, such as reports; held to the same table of routes and roles. */
  readonly routes?: readonly ((server: FastifyInstance) => void)[];
  /** Folder of the built console; without it `/` says that there is none. */
  readonly pages?: string;
  readonly logger?: FastifyBaseLogger;
  /** What the process knows of itself, for /metrics; asked at every scrape. */
  readonly live?: () => LiveFigures | Promise<LiveFigures>;
  /** What keeps the process from writing what it receives; null while all is well. For /readyz. */
  readonly trouble?: () => string | null;
  /** The time, in milliseconds since 1970, by which months close. */
  readonly now?: () => number;
  /** Fewer questions for a snapshot than the standard ones, where a test has not the time. */
  readonly questionsOf?: TakerOptions["questionsOf"];
}

/** Who takes snapshots: it sees all operators' figures, and its secret never leaves the process. */
const TAKER: Identity = { kind: "key", name: "snapshots", role: "regulator", operator: null, raw: false };

/** How long after the start, and how often then, it is looked whether a month is to be frozen. */
const DUE_AFTER_MS = 60_000;
const DUE_EVERY_MS = 600_000;

export interface QueryService {
  /** Freezes months that are due and restates what late data changed; else done now and then once it is started. Ends when it is done. */
  takeDue(): Promise<void>;
  /** For `inject()`; everything else goes over HTTP. */
  readonly app: FastifyInstance;
  /** Listens; the port is the one in force where the setting says 0. Throws ADDRESS_IN_USE. */
  start(): Promise<HostPort>;
  /** Takes no more requests, answers those that run, and closes. */
  stop(): Promise<void>;
}

/** Requests that still run so long after stop() began are cut. */
const STOP_GRACE_MS = 5_000;

const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** The query API over a store; inert until started. */
export function createQueryService(options: QueryServiceOptions): QueryService {
  const { config, identities, audit, logger, live = () => [], trouble = () => null } = options;
  const { now = Date.now, access = accessConfig.parse({}), ownerOf = () => null } = options;
  const store = toldStore(options.store);
  const { networks = () => NO_NETWORKS, facesOf = () => null } = options;
  const { named = () => ({ regions: [], operators: [] }) } = options;
  const root = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_048_576,
    requestTimeout: 30_000,
    trustProxy: access.trusted_proxies.length > 0 ? [...access.trusted_proxies] : false,
    clientErrorHandler: answerClientError,
    // Addresses that cannot be decoded never reach a route.
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply as never);
    },
  });
  const app = root.withTypeProvider<ZodTypeProvider>();
  const metrics = createMetrics(store, async () => {
    try {
      return await live();
    } catch (error) {
      root.log.warn({ err: error }, "the process's own figures are missing from /metrics");
      return [];
    }
  });
  const catalogue = openCatalogue({
    store,
    dir: config.catalogue_dir,
    leastUsers: config.min_cell_users,
    onRefused: (refused) => {
      for (const it of refused) root.log.warn(it, "a file of the catalogue is not served");
    },
  });

  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: FastifyError | Fault, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, {
      code: "NOT_FOUND",
      status: 404,
      detail: `${request.method} ${request.url.split("?")[0]} is not an address of this API; all are listed at /openapi.json.`,
    }),
  );
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
  const secret = randomBytes(32).toString("base64url");
  guard(app, { identities, audit, limits: access, own: { secret, identity: TAKER } });
  holdToRoles(app);
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const seconds = reply.elapsedTime / 1_000;
    metrics.answered({ method, route: routeOptions.url ?? "none", status: reply.statusCode, seconds });
    request.log.debug({ method, route: routeOptions.url, status: reply.statusCode, seconds }, "request answered");
  });
  const record = new SnapshotRecord(options.store);
  const ask: AskLive = async (path) => {
    const url = `${path}${path.includes("?") ? "&" : "?"}snapshot=live`;
    const { statusCode, body } = await root.inject({ url, headers: { authorization: `Bearer ${secret}` } });
    return { status: statusCode, body };
  };
  const onFailed = (id: string, err: unknown) => root.log.error({ err, id }, "a snapshot could not be taken");
  const taker = new Taker({
    store,
    record,
    catalogue,
    ask,
    now,
    onFailed,
    ...(options.questionsOf && { questionsOf: options.questionsOf }),
  });
  const lookedAt = new Map<string, string>();
  const due = async () => {
    await takeWhatIsDue({ record, taker, ask, config, now, lookedAt }).catch((error) => onFailed("what is due", error));
  };
  let dueTimer: NodeJS.Timeout | undefined;
  app.addHook("onReady", async () => metrics.start());
  app.addHook("onClose", async () => {
    clearTimeout(dueTimer);
    metrics.stop();
  });
  app.addHook("preClose", () => taker.stop());

  describeApi(app);
  // In a plugin of their own, so that the documentation is there to see them come.
  app.register(async (scope) => {
    const routes = scope.withTypeProvider<ZodTypeProvider>();
    serveStatements(routes);
    serveSnapshots(routes, { record, now });
    trafficShareRoute(routes, store, ownerOf);
    trafficPeersRoute(routes, store, networks);
    trafficInterconnectRoute(routes, store, facesOf);
    activeUsersRoute(routes, store, config.min_cell_users);
    userMetersRoutes(routes, store, config.min_cell_users);
    panelRoutes(routes, store, config.min_cell_users);
    indicatorRoutes(routes, catalogue);
    registryRoute(routes, named);
    registryStateRoute(routes, options.registryState ?? (() => NO_REGISTRY));
    objectRoutes(routes, catalogue);
    targetsRoute(routes, catalogue);
    evaluationsRoute(routes, catalogue);
    submissionRoutes(routes, { store, catalogue, audit, named });
    exportersRoute(routes, store, ownerOf);
    ledgerRoute(routes, store, ownerOf);
    snapshotRoutes(routes, { record, taker, audit, now });
    sqlRoute(routes, { store, config, audit });
    sqlCatalogueRoute(routes, { store, config });
    identityRoute(routes);
    keyRoutes(routes, { keys: options.keys ?? null, audit });
    auditRoute(routes, options.readAudit ?? null);
    consoleRoutes(routes, options.pages ?? null);
    healthRoutes(routes, store, trouble);
    metricsRoute(routes, metrics);
    for (const add of options.routes ?? []) add(scope as unknown as FastifyInstance);
  });

  return {
    app: root as unknown as FastifyInstance,
    async takeDue() {
      await due();
      await taker.idle();
    },
    async start() {
      const { host, port } = parseHostPort(config.http) as HostPort;
      try {
        await root.listen({ host, port });
      } catch (error) {
        if (!isAddressError(error)) throw error;
        throw new Fault("ADDRESS_IN_USE", `query.http: ${config.http} cannot be listened on (${error.code}).`, {
          cause: error,
        });
      }
      const again = (afterMs: number) => {
        dueTimer = setTimeout(() => void due().finally(() => again(DUE_EVERY_MS)), afterMs);
        dueTimer.unref();
      };
      again(DUE_AFTER_MS);
      const address = root.server.address();
      return { host, port: typeof address === "object" && address !== null ? address.port : port };
    },
    async stop() {
      const cut = setTimeout(() => root.server.closeAllConnections(), STOP_GRACE_MS);
      await root.close().finally(() => clearTimeout(cut));
    },
  };
}

function isAddressError(error: unknown): error is NodeJS.ErrnoException {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND";
}
