import type { Identity } from "@v6meter/identity";
import { Fault, ROUTE_ACCESS, type Role } from "@v6meter/schemas";
import type { FastifyRequest, RouteOptions } from "fastify";
import type { Api } from "./api.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route's handler narrows its answer to the operator of the request itself (see `mine`). */
    narrows?: boolean;
  }
  interface FastifyRequest {
    /** Who sent the request; null on routes that are open. */
    identity: Identity | null;
  }
}

/** Whom a route answers; undefined where the table does not say. HEAD is asked as GET is. */
export function accessOf(method: string | string[], url: string): "open" | readonly Role[] | undefined {
  const names = [method].flat().map((it) => (it === "HEAD" ? "GET" : it));
  const found = names.map((name) => {
    const key = `${name} ${url}`;
    return Object.hasOwn(ROUTE_ACCESS, key) ? ROUTE_ACCESS[key] : undefined;
  });
  return found.every((access) => access === found[0]) ? found[0] : undefined;
}

function hasOperator({ schema }: RouteOptions): boolean {
  const shape = (schema?.querystring as { shape?: Record<string, unknown> } | undefined)?.shape;
  return shape !== undefined && Object.hasOwn(shape, "operator");
}

/** Stops the start at a route that the table does not know, or that is open to operators and shows them everything. */
function checkRoute(route: RouteOptions): void {
  const access = accessOf(route.method, route.url);
  const name = `${[route.method].flat().join(",")} ${route.url}`;
  if (access === undefined) {
    throw new Fault("INTERNAL", `${name}: no entry in ROUTE_ACCESS of schemas/access.ts says whom it answers.`);
  }
  if (access !== "open" && access.includes("operator") && !hasOperator(route) && route.config?.narrows !== true) {
    throw new Fault(
      "INTERNAL",
      `${name}: it is open to operators, but has no parameter operator to narrow and does not say that it narrows itself.`,
    );
  }
}

/**
 * Holds every route to the table of routes and roles, and narrows what an operator asks by the parameter
 * `operator` to its own figures, whatever it asked for.
 */
export function holdToRoles(app: Api): void {
  app.addHook("onRoute", checkRoute);
  app.addHook("preHandler", async (request) => {
    const own = ownOperator(request);
    if (own === null) return;
    const query = request.query as { operator?: unknown };
    if (!Array.isArray(query.operator)) return;
    const others = query.operator.filter((operator) => operator !== own);
    if (others.length > 0) throw othersFigures("operator", others, own);
    query.operator = [own];
  });
}

/** The operator that a request is narrowed to; null where its role sees all. */
export function ownOperator({ identity }: FastifyRequest): string | null {
  return identity?.role === "operator" ? identity.operator : null;
}

/** Names the operator an exporter belongs to; null where the registry names none. */
export type OwnerOf = (exporter: string) => string | null;

/**
 * What a request may see of the exporters: a test of each address. Throws FORBIDDEN where it names one that is
 * not its own; whether there is such an exporter it does not tell.
 */
export function exportersSeen(
  request: FastifyRequest,
  ownerOf: OwnerOf,
  asked: readonly string[] = [],
): (exporter: string) => boolean {
  const own = ownOperator(request);
  if (own === null) return () => true;
  const others = asked.filter((exporter) => ownerOf(exporter) !== own);
  if (others.length > 0) throw othersFigures("exporter", others, own);
  return (exporter) => ownerOf(exporter) === own;
}

/** The refusal of what belongs to others. */
export function othersFigures(parameter: string, found: readonly unknown[], own: string): Fault {
  return new Fault(
    "FORBIDDEN",
    `${parameter}: found ${found.join(", ").slice(0, 100)}; allowed is what belongs to ${own}, the operator of the key.`,
  );
}
