import bearerAuth from "@fastify/bearer-auth";
import { Fault } from "@v6meter/schemas";
import type { FastifyRequest } from "fastify";
import type { Api } from "./api.ts";
import { DOCS_PATH } from "./openapi.ts";

const DETAIL = "Send the key of admin.key in the data folder as the header Authorization: Bearer KEY.";

/** Open are the routes that say so, and the pages of the documentation; unknown addresses are not. */
function isOpen({ routeOptions: { config, url } }: FastifyRequest): boolean {
  return config.open === true || url === DOCS_PATH || url?.startsWith(`${DOCS_PATH}/`) === true;
}

/** Asks for the administrator's key as a bearer token (RFC 6750 §2.1), compared in constant time. */
export function requireKey(app: Api, adminKey: string): void {
  app.register(bearerAuth, {
    keys: new Set([adminKey]),
    addHook: false,
    specCompliance: "rfc6749",
    verifyErrorLogLevel: "debug",
  });
  app.addHook("onRequest", (request, reply, done) => {
    if (isOpen(request)) return done();
    if (!app.verifyBearerAuth) return done(new Fault("INTERNAL", "the guard of the API is not loaded"));
    return app.verifyBearerAuth(request, reply, (error) => done(error && new Fault("UNAUTHORIZED", DETAIL)));
  });
}
