import type { ReportBlock } from "@v6meter/schemas";
import type { Context } from "../context.ts";
import type { Scope } from "../scope.ts";

/** A kind of block of the template: what it asks, and what it says with the answers. */
export interface BlockWriter<B> {
  questions(block: B, scope: Scope): readonly string[];
  compose(block: B, context: Context): readonly ReportBlock[];
}

/** A line in the place of a table. */
export function noteLine(text: string): ReportBlock {
  return { kind: "text", tone: "note", paragraphs: [{ text }] };
}

/** The line in the place of a table without rows. */
export function noRows({ word }: Context, title: string): ReportBlock {
  return noteLine(word("no_rows", { title }));
}
