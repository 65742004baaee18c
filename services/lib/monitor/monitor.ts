import bearerAuth from "@fastify/bearer-auth";
import type { Component, Logger } from "@v6meter/runtime";
import { Fault, formatHostPort, type HostPort, parseHostPort } from "@v6meter/schemas";
import fastify from "fastify";
import { collectDefaultMetrics, Registry } from "prom-client";
import { putFigures } from "./exposition.ts";
import type { LiveFigures } from "./live.ts";

export interface MonitorOptions {
  /** Where it listens, as HOST:PORT. */
  readonly at: string;
  /** Name of the setting that says so, for its Fault. */
  readonly setting: string;
  /** Bearer token of /metrics; the health pages are open. */
  readonly key: string;
  /** Asked at every scrape. */
  readonly figures: () => LiveFigures | Promise<LiveFigures>;
  /** What keeps the process from its work; null while all is well. For /readyz. */
  readonly trouble: () => string | null;
  readonly logger: Logger;
}

export interface Monitor extends Component {
  /** Where it listens; known once it is started. */
  readonly address: HostPort;
}

/**
 * The page of a process that has no API: `/metrics` in the text format of Prometheus, `/healthz` (the process
 * runs) and `/readyz` (503 while something keeps it from its work, and why for who has the key). Starting
 * throws ADDRESS_IN_USE where it cannot listen.
 */
export function createMonitor({ at, setting, key, figures, trouble, logger }: MonitorOptions): Monitor {
  const process = new Registry();
  const app = fastify({ logger: false });
  let address = parseHostPort(at) as HostPort;

  app.register(bearerAuth, { keys: new Set([key]), addHook: false });
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (request, reply) => {
    const reason = trouble();
    if (reason === null) return { status: "ok" };
    // The reason names folders and hosts: strangers learn nothing of the inside.
    const isKnown = await new Promise<boolean>((told) =>
      app.verifyBearerAuth ? app.verifyBearerAuth(request, reply, (error) => told(!error)) : told(false),
    );
    const body = { status: "trouble", ...(isKnown && { reason }) };
    return reply.code(503).header("retry-after", "5").send(body);
  });
  app.register(async (scope) => {
    scope.addHook("onRequest", (request, reply, done) => {
      if (!app.verifyBearerAuth) return done(new Fault("INTERNAL", "the guard of /metrics is not loaded"));
      return app.verifyBearerAuth(request, reply, done);
    });
    scope.get("/metrics", async (_request, reply) => {
      const scrape = new Registry();
      try {
        putFigures(scrape, await figures());
      } catch (error) {
        logger.warn({ err: error }, "the process's own figures are missing from /metrics");
      }
      return reply.type(scrape.contentType).send(`${await process.metrics()}\n${await scrape.metrics()}`);
    });
  });

  return {
    name: "monitor",
    get address() {
      return address;
    },
    async start() {
      collectDefaultMetrics({ register: process });
      try {
        await app.listen(address);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        throw new Fault("ADDRESS_IN_USE", `${setting}: ${formatHostPort(address)} cannot be listened on (${code}).`, {
          cause,
        });
      }
      const bound = app.server.address();
      if (typeof bound === "object" && bound !== null) address = { ...address, port: bound.port };
    },
    async stop() {
      app.server.closeAllConnections();
      await app.close();
      process.clear();
    },
  };
}
