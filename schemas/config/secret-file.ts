import { z } from "zod";

/** Path of a file that holds a secret, or nothing. */
export const secretFile = (what: string) => z.string().min(1).nullable().default(null).describe(what);
