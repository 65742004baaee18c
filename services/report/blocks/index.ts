import type { BlockKind, ReportBlock, TemplateBlock } from "@v6meter/schemas";
import type { Context } from "../context.ts";
import type { Scope } from "../scope.ts";
import type { BlockWriter } from "./block.ts";
import { days, trend } from "./charts.ts";
import { figures, others } from "./figures.ts";
import { matrix, ranking, tiles } from "./groups.ts";
import { interconnect } from "./interconnect.ts";
import { mending } from "./mending.ts";
import { objects } from "./objects.ts";
import { books, exporters, findings } from "./quality.ts";
import { restatements } from "./restatements.ts";
import { sentences } from "./sentences.ts";
import { shortfalls } from "./shortfalls.ts";
import { evaluations, targets } from "./standing.ts";
import { definitions, text } from "./statement.ts";
import { userMeters, users } from "./users.ts";

type Content<K extends BlockKind> = TemplateBlock extends infer B ? (B extends Record<K, infer C> ? C : never) : never;

const WRITERS: { readonly [K in BlockKind]: BlockWriter<Content<K>> } = {
  sentences,
  text,
  figures,
  others,
  trend,
  days,
  ranking,
  matrix,
  tiles,
  interconnect,
  users,
  user_meters: userMeters,
  targets,
  evaluations,
  objects,
  shortfalls,
  mending,
  findings,
  exporters,
  books,
  definitions,
  restatements,
};

function writerOf(block: TemplateBlock): { writer: BlockWriter<unknown>; content: unknown } {
  const [[kind, content]] = Object.entries(block) as [[BlockKind, unknown]];
  return { writer: WRITERS[kind] as BlockWriter<unknown>, content };
}

/** The questions a block of the template asks. */
export function blockQuestions(block: TemplateBlock, scope: Scope): readonly string[] {
  const { writer, content } = writerOf(block);
  return writer.questions(content, scope);
}

/** What a block of the template says. */
export function composeBlock(block: TemplateBlock, context: Context): readonly ReportBlock[] {
  const { writer, content } = writerOf(block);
  return writer.compose(content, context);
}
