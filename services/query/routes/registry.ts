import { api } from "@v6meter/schemas";
import type { Api } from "../api.ts";

/** The registry's names in force. */
export type Named = () => api.Registry;

/** `GET /api/v1/registry`. */
export function registryRoute(app: Api, named: Named): void {
  app.get(
    "/api/v1/registry",
    {
      // Names are nobody's figures.
      config: { narrows: true },
      schema: {
        tags: ["registry"],
        summary: "Names of regions and operators",
        description:
          "What the codes in the figures are called, by the registry in force. `tile` is [column, row] on the tile map.",
        querystring: api.registryParameters,
        response: { 200: api.registry },
      },
    },
    async (): Promise<api.Registry> => named(),
  );
}
