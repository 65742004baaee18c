import { z } from "zod";
import { registryOperator, registryRegion } from "../registry.ts";
import { instant } from "./instant.ts";

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

/** Most problems of a refused change that are listed. */
export const REGISTRY_PROBLEMS_MAX = 200;

/** Answer of `GET /api/v1/registry/state`: which registry is in force, and why its files as they are now may not be. */
export const registryState = z
  .object({
    folder: z.string().nullable().describe("classifier.registry_dir; null: only what is built in"),
    version: z.string().nullable().describe("Hash of the files in force; null where the process has no registry"),
    since: instant.nullable().describe("Since when this process goes by it"),
    entries: z
      .object({ regions: z.int(), operators: z.int(), prefixes: z.int(), exporters: z.int() })
      .describe("What is in force, the built-in entries among it"),
    refused: z
      .object({
        since: instant.describe("When the files were found to be wrong"),
        problems: z
          .array(
            z.object({
              file: z.string(),
              line: z.int().nullable().describe("null: the file as a whole"),
              problem: z.string().describe("What was found and what is allowed"),
            }),
          )
          .describe("By file and line"),
        more: z.int().describe("Further problems that are not listed"),
      })
      .nullable()
      .describe(
        "The last change, where it was refused: figures go on by the registry before. null: the files are in force",
      ),
  })
  .describe("The registry in force and its files");
export type RegistryState = z.infer<typeof registryState>;
