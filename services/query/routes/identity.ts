import type { Identity } from "@v6meter/identity";
import { api, ROUTE_ACCESS } from "@v6meter/schemas";
import { z } from "zod";
import type { Api } from "../api.ts";

/** `GET /api/v1/identity`. */
export function identityRoute(app: Api): void {
  app.get(
    "/api/v1/identity",
    {
      // Tells who asks about himself.
      config: { narrows: true },
      schema: {
        tags: ["identity"],
        summary: "Who the key is",
        description: "Name, role and operator of the key or token that is sent, and the routes that answer its role.",
        querystring: z.strictObject({}),
        response: { 200: api.identity },
      },
    },
    async (request): Promise<api.Identity> => {
      const { name, role, operator, raw } = request.identity as Identity;
      const routes = Object.keys(ROUTE_ACCESS).filter((route) => {
        const access = ROUTE_ACCESS[route];
        return access === "open" || access?.includes(role);
      });
      return { name, role, operator: operator ?? null, raw, routes };
    },
  );
}
