/** A place in a statement, as offsets of its text. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

const wordAt = (statement: string, from: number) =>
  Math.max(1, /^(\w+|[^\w\s])/.exec(statement.slice(from))?.[0].length ?? 1);

/**
 * Where in a statement the engine's sentence points: at the position of a syntax error (counted from 1, in bytes of
 * UTF-8), else at the name it does not know. Null where it tells neither.
 */
export function errorPlace(sentence: string, statement: string): Place | null {
  const [, position] = /\bfailed at position (\d+)/.exec(sentence) ?? [];
  if (position !== undefined) {
    const bytes = new TextEncoder().encode(statement).subarray(0, Math.max(0, Number(position) - 1));
    const from = Math.min(new TextDecoder().decode(bytes).length, Math.max(0, statement.trimEnd().length - 1));
    return { from, to: Math.min(statement.length, from + wordAt(statement, from)) };
  }
  const [, name] = /\b(?:identifier|name|function|table) [`']([^`']+)[`']/i.exec(sentence) ?? [];
  if (name === undefined) return null;
  const found = new RegExp(`(?<![\\w.])${name.replaceAll(/[^\w]/g, "\\$&")}(?!\\w)`, "i").exec(statement);
  return found ? { from: found.index, to: found.index + found[0].length } : null;
}
