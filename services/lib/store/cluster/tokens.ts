import { Fault } from "@v6meter/schemas";

/** A word, name, string, number or sign of a statement; white space and comments lie between them. */
export interface Token {
  readonly kind: "word" | "string" | "number" | "sign";
  readonly text: string;
  /** Where it begins in the statement. */
  readonly at: number;
  readonly end: number;
  /** Brackets around it; a bracket itself stands outside. */
  readonly depth: number;
}

const GAP = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const KINDS: readonly [Token["kind"], RegExp][] = [
  ["word", /[A-Za-z_]\w*/y],
  ["string", /'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ["number", /\d[\w.]*/y],
  ["sign", /->|[<>!=]=|::|\|\||[-+*/%=<>(),.[\]{}:?]/y],
];

/**
 * Parts a statement of a migration into tokens, gaps left out. Throws STORE_INVALID at what migrations have
 * no use for: quoted names, a second statement, brackets without their like.
 */
export function tokenize(sql: string, where: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = gapEnd(sql, 0); at < sql.length; at = gapEnd(sql, tokens.at(-1)?.end ?? at)) {
    const token = tokenAt(sql, at);
    if (!token)
      throw new Fault("STORE_INVALID", `${where} has ${JSON.stringify(sql[at])}, which no migration may have.`);
    if (/^[)\]}]$/.test(token.text)) depth--;
    if (depth < 0) throw new Fault("STORE_INVALID", `${where} closes a bracket that is not open.`);
    tokens.push({ ...token, depth });
    if (/^[([{]$/.test(token.text)) depth++;
  }
  if (depth !== 0) throw new Fault("STORE_INVALID", `${where} leaves a bracket open.`);
  return tokens;
}

function gapEnd(sql: string, at: number): number {
  GAP.lastIndex = at;
  return GAP.test(sql) ? GAP.lastIndex : at;
}

function tokenAt(sql: string, at: number): Omit<Token, "depth"> | null {
  for (const [kind, pattern] of KINDS) {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined) return { kind, text, at, end: at + text.length };
  }
  return null;
}
