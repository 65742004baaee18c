import { z } from "zod";

/** An integer of 64 bits or more in an answer: a string, since JSON readers round numbers above 2^53. */
export const count = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ description: "Integer as a string", examples: ["18446744073709551615"] });

/** A figure between 0 and 1, or null where there is nothing to divide by. */
export const ratio = z.number().min(0).max(1).nullable();
