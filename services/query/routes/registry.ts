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

/** Which registry is in force, and what is wrong with its files. */
export type RegistryState = () => api.RegistryState;

/** The state of a process that has no registry. */
export const NO_REGISTRY: api.RegistryState = {
  folder: null,
  version: null,
  since: null,
  entries: { regions: 0, operators: 0, prefixes: 0, exporters: 0 },
  refused: null,
};

/** `GET /api/v1/registry/state`. */
export function registryStateRoute(app: Api, state: RegistryState): void {
  app.get(
    "/api/v1/registry/state",
    {
      schema: {
        tags: ["registry"],
        summary: "The registry in force and what is wrong with its files",
        description: `A change of the registry's files is taken over as a whole or not at all: while \`refused\` tells problems, by file and line,
figures go on by the registry before.`,
        querystring: api.registryParameters,
        response: { 200: api.registryState },
      },
    },
    async (): Promise<api.RegistryState> => state(),
  );
}
