import { z } from "zod";
import { USER_DIMENSIONS } from "../api/users.ts";
import {
  INDICATOR_DIMENSIONS,
  INDICATOR_GROUPINGS,
  type IndicatorGrouping,
  OBJECT_KINDS,
  type ObjectKind,
  TARGET_SCOPES,
} from "../indicators/catalogue-words.ts";
import { catalogueId } from "../indicators/indicator.ts";

/**
 * What a report says, as data: sections, tables, charts and sentences in both languages. Names, units and
 * definitions of indicators are the catalogue's and not repeated here.
 */

const bilingual = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
/** An alternative may say nothing. */
const wording = z.strictObject({ zh: z.string(), en: z.string() });
export type Bilingual = z.infer<typeof bilingual>;

/** What may be so of an indicator's month; an alternative of a clause holds where all it names are. */
export const CONDITIONS = [
  "no_data",
  "suppressed",
  "no_month_before",
  "rose",
  "fell",
  "unchanged",
  "no_year_before",
  "rose_in_a_year",
  "fell_in_a_year",
  "unchanged_in_a_year",
  "no_target",
  "reached",
  "not_reached",
] as const;
export type Condition = (typeof CONDITIONS)[number];

const clause = z
  .array(z.strictObject({ when: z.array(z.enum(CONDITIONS)).default([]), ...wording.shape }))
  .min(1)
  .describe("The first alternative that holds is said");

const ids = z.array(catalogueId).min(1);
const grouping = z.enum(INDICATOR_GROUPINGS as unknown as [IndicatorGrouping, ...IndicatorGrouping[]]);
const title = bilingual.optional();
const objectKinds = z.array(z.enum(Object.keys(OBJECT_KINDS) as [ObjectKind, ...ObjectKind[]])).min(1);
const pageRows = z.int().min(1).describe("Rows on pages; sheets and data have all of them");

/** The blocks a section is made of, one key each. */
export const templateBlock = z.union([
  z.strictObject({ sentences: z.strictObject({ say: z.string(), of: ids }) }),
  z.strictObject({ text: z.array(bilingual).min(1) }),
  z.strictObject({ figures: z.strictObject({ id: z.string(), title: bilingual, of: ids }) }),
  z.strictObject({ trend: z.strictObject({ id: z.string(), title: bilingual, of: ids }) }),
  z.strictObject({
    days: z.strictObject({ id: z.string(), title: bilingual, of: ids, stacked: z.boolean().default(false) }),
  }),
  z.strictObject({
    ranking: z.strictObject({ of: catalogueId, by: grouping, title, chart: z.boolean().default(false) }),
  }),
  z.strictObject({ matrix: z.strictObject({ of: catalogueId, by: z.tuple([grouping, grouping]), title }) }),
  z.strictObject({ interconnect: z.strictObject({ title: bilingual }) }),
  z.strictObject({ tiles: z.strictObject({ of: catalogueId, title }) }),
  z.strictObject({ users: z.strictObject({ title: bilingual, by: z.array(z.enum(USER_DIMENSIONS)) }) }),
  z.strictObject({ user_meters: z.strictObject({ title: bilingual }) }),
  z.strictObject({
    targets: z.strictObject({
      title: bilingual,
      scope: z.enum(TARGET_SCOPES),
      chart: z.boolean().default(false),
    }),
  }),
  z.strictObject({ evaluations: z.strictObject({}) }),
  z.strictObject({
    objects: z.strictObject({
      title: bilingual,
      kinds: objectKinds,
    }),
  }),
  z.strictObject({
    shortfalls: z.strictObject({
      id: z.string().regex(/^[a-z0-9_]+$/),
      title: bilingual,
      kinds: objectKinds,
      of: catalogueId.describe("Indicator by object, of which more is better"),
      least: z.number().describe("Figure that is asked for: objects below it are listed"),
      parts: z
        .array(catalogueId)
        .default([])
        .describe("Shares by object that make it up: those below the whole are missing"),
      page_rows: pageRows,
    }),
  }),
  z.strictObject({ mending: z.strictObject({ title: bilingual, page_rows: pageRows }) }),
  z.strictObject({
    others: z.strictObject({
      dimension: z.enum(Object.keys(INDICATOR_DIMENSIONS) as [keyof typeof INDICATOR_DIMENSIONS]),
    }),
  }),
  z.strictObject({ findings: z.strictObject({}) }),
  z.strictObject({ exporters: z.strictObject({ title: bilingual }) }),
  z.strictObject({ books: z.strictObject({ title: bilingual }) }),
  z.strictObject({ definitions: z.strictObject({ title: bilingual }) }),
  z.strictObject({
    restatements: z.strictObject({
      title: bilingual,
      most_rows: z.int().min(1).describe("Restated figures shown of a version; how many there are is told"),
    }),
  }),
]);
export type TemplateBlock = z.output<typeof templateBlock>;
export type BlockKind = TemplateBlock extends infer B ? (B extends unknown ? keyof B : never) : never;

const ratio = z.number().min(0).max(1);

/** `monthly.yaml` */
export const reportTemplate = z
  .strictObject({
    province: bilingual.describe("Whose report it is"),
    title: bilingual.describe("{province} stands for its name"),
    subtitle: bilingual.describe(
      "{year} and {month} stand for the month in figures, {month_name} for its English name",
    ),
    /** Indicators of the first page. */
    headlines: ids,
    /** Targets an indicator's sentence speaks of, where several are set: the next one of this scope. */
    target_scope: z.enum(TARGET_SCOPES),
    limits: z.strictObject({
      unchanged_ratio: ratio.describe("A smaller relative change, of ratios a smaller difference, is none"),
      export_loss_ratio: ratio.describe("Above it an exporter is a finding"),
      unknown_sampling_ratio: ratio,
      completeness_ratio: ratio.describe("Below it the month's figures are"),
      coverage_ratio: ratio.describe("Below it the users' AAA coverage is"),
      missing_exporters_ratio: ratio.describe("From it on the report begins with the gap"),
      excluded_ratio: ratio,
    }),
    grades: z
      .array(z.strictObject({ ...bilingual.shape, completeness_ratio: ratio }))
      .min(1)
      .describe("The first whose completeness is met"),
    sentences: z.record(z.string(), z.array(clause).min(1)),
    sections: z
      .array(
        z.strictObject({
          id: z.string().regex(/^[a-z_]+$/),
          ...bilingual.shape,
          blocks: z.array(templateBlock).min(1),
        }),
      )
      .min(1),
  })
  .superRefine(({ sections, sentences }, context) => {
    for (const [s, section] of sections.entries())
      for (const [b, block] of section.blocks.entries())
        if ("sentences" in block && !Object.hasOwn(sentences, block.sentences.say))
          context.addIssue({
            code: "custom",
            path: ["sections", s, "blocks", b, "sentences", "say"],
            message: `found ${block.sentences.say}, allowed are ${Object.keys(sentences).join(", ")}`,
          });
  });
export type ReportTemplate = z.output<typeof reportTemplate>;
