import { z } from "zod";
import { registryOperator, registryRegion } from "../registry.ts";

/** Parameters of `GET /api/v1/registry`: none. */
export const registryParameters = z.strictObject({});

/** Answer of `GET /api/v1/registry`: what the codes in figures are called, and where a region's tile lies. */
export const registry = z
  .object({
    regions: z.array(z.object(registryRegion.shape)).describe("By code"),
    operators: z.array(z.object({ id: registryOperator.shape.id, zh: z.string(), en: z.string() })).describe("By id"),
  })
  .describe("Names of regions and operators");
export type Registry = z.infer<typeof registry>;
