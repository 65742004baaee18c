import type { api } from "@v6meter/schemas";
import type { FastifyRequest } from "fastify";

/** One finding of a zod schema, as fastify-type-provider-zod hands it on. */
interface Finding {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string | undefined;
  readonly params: Record<string, unknown>;
}

const MAX_FOUND = 100;

/** What was sent, short enough for a message. */
function foundText(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > MAX_FOUND ? `${text.slice(0, MAX_FOUND)}…` : text;
}

/** Says of each finding which parameter it is about, what was sent and what is allowed there. */
export function parameterProblems(
  findings: readonly Finding[],
  request: FastifyRequest,
  context: string | undefined,
): api.ParameterProblem[] {
  const sent = (context === "body" ? request.body : request.query) as unknown;
  return findings.flatMap(({ keyword, instancePath, message, params }): api.ParameterProblem[] => {
    if (keyword === "unrecognized_keys") {
      const known = Object.keys(knownParameters(request, context)).join(", ");
      return (params.keys as string[]).map((name) => ({
        parameter: name,
        found: foundText(memberOf(sent, [name])),
        allowed: known === "" ? "no parameters" : `only the ${context === "body" ? "members" : "parameters"} ${known}`,
      }));
    }
    const path = instancePath.split("/").slice(1);
    const parameter = path[0] || (context ?? "request");
    const found = foundText(path[0] ? memberOf(sent, path) : sent);
    return [{ parameter, found, allowed: message ?? "another value" }];
  });
}

function memberOf(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (member, name) =>
      typeof member === "object" && member !== null && Object.hasOwn(member, name)
        ? (member as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

function knownParameters(request: FastifyRequest, context: string | undefined): Record<string, unknown> {
  const schema = request.routeOptions.schema;
  const part = (context === "body" ? schema?.body : schema?.querystring) as
    | { shape?: Record<string, unknown>; content?: Record<string, { schema: { shape?: Record<string, unknown> } }> }
    | undefined;
  return (part?.content?.["application/json"]?.schema ?? part)?.shape ?? {};
}
