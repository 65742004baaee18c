import { api, Fault } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";

/** `/healthz` and `/readyz`, open to everyone: they say nothing but whether all is well. */
export function healthRoutes(app: Api, store: Store): void {
  const config = { open: true };
  app.get(
    "/healthz",
    {
      config,
      schema: { tags: ["health"], summary: "The process is alive", security: [], response: { 200: api.health } },
    },
    async () => ({ status: "ok" as const }),
  );
  app.get(
    "/readyz",
    {
      config,
      schema: {
        tags: ["health"],
        summary: "The store answers",
        description: "503 while it does not.",
        security: [],
        response: { 200: api.health },
      },
    },
    async () => {
      await store.ping().catch((error: unknown) => {
        throw new Fault("STORE_UNREACHABLE", undefined, { cause: error });
      });
      return { status: "ok" as const };
    },
  );
}
