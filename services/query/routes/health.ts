import { api, Fault } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";

/** `/healthz` and `/readyz`, open to everyone: they say nothing but whether all is well. */
export function healthRoutes(app: Api, store: Store, trouble: () => string | null): void {
  app.get(
    "/healthz",
    {
      schema: { tags: ["health"], summary: "The process is alive", security: [], response: { 200: api.health } },
    },
    async () => ({ status: "ok" as const }),
  );
  app.get(
    "/readyz",
    {
      schema: {
        tags: ["health"],
        summary: "The store answers and takes what is received",
        description: "503 while it does not; nothing is lost meanwhile, it waits on the bus.",
        security: [],
        response: { 200: api.health },
      },
    },
    async () => {
      await store.ping().catch((error: unknown) => {
        throw new Fault("STORE_UNREACHABLE", undefined, { cause: error });
      });
      if (trouble() !== null) throw new Fault("STORE_UNREACHABLE");
      return { status: "ok" as const };
    },
  );
}
