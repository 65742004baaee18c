import { z } from "zod";

/** Answer of `/healthz` and `/readyz` while all is well. */
export const health = z.object({ status: z.literal("ok") }).describe("All is well");
