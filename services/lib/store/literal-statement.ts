import { Fault } from "@v6meter/schemas";
import { quoted, quotedName } from "./person-statement.ts";

const PLACEHOLDER = /\{(\w+):([^{}]+)\}/g;

/**
 * The statement of a query as a person can run it: every `{name:Type}` is a literal of that type. Throws
 * QUERY_INVALID where a parameter is missing or cannot be written.
 */
export function literalStatement(
  { name, sql }: { readonly name: string; readonly sql: string },
  params: object,
): string {
  const values = params as Readonly<Record<string, unknown>>;
  return sql.trim().replaceAll(PLACEHOLDER, (placeholder, parameter: string, type: string) => {
    const value = values[parameter];
    if (type === "Identifier" && typeof value === "string") return quotedName(value);
    const literal = literalOf(value);
    if (literal === null)
      throw new Fault("QUERY_INVALID", `The query ${name}: ${placeholder} is bound to ${typeof value}.`);
    return `CAST(${literal}, ${quoted(type)})`;
  });
}

function literalOf(value: unknown): string | null {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (!Array.isArray(value)) return null;
  const items = value.map(literalOf);
  return items.includes(null) ? null : `[${items.join(", ")}]`;
}
