import { z } from "zod";
import { ROLE_NAMES } from "../access.ts";

/** Answer of `GET /api/v1/identity`: who the key or token of the request is. */
export const identity = z
  .object({
    name: z.string().describe("Name of the key or subject of the token"),
    role: z.enum(ROLE_NAMES),
    operator: z.string().nullable().describe("Whose figures it sees; null where it sees all"),
    raw: z.boolean().describe("Whether its SQL statements see every table, or only the views of the database analyst"),
    routes: z.array(z.string()).describe("Method and address of the routes that answer its role"),
  })
  .describe("Who asks, and what answers him");
export type Identity = z.infer<typeof identity>;
