import type { FastifyRequest } from "fastify";

/**
 * Before validation: makes lists of the parameters that may be repeated, splits `by` at its commas,
 * and reads the space before a UTC offset as the plus sign it was before a client forgot to escape it.
 */
export function listParameters(...names: readonly string[]) {
  return async (request: FastifyRequest): Promise<void> => {
    const query = request.query as Record<string, string | string[]>;
    for (const name of names) {
      const value = query[name];
      if (value === undefined) continue;
      const values = typeof value === "string" ? [value] : value;
      query[name] = name === "by" ? values.flatMap((text) => text.split(",")) : values;
    }
    for (const name of ["from", "to"]) {
      const value = query[name];
      if (typeof value === "string") query[name] = value.replace(/ (?=\d\d:\d\d$)/, "+");
    }
  };
}
