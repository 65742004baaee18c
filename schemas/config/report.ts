import { z } from "zod";

export const reportConfig = z
  .strictObject({
    drafts_dir: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "Folder the report of the month that ended is written into: from the 1st on as a draft, then of each snapshot; null: none",
      ),
    template_file: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("Sections, tables and sentences of the monthly report, YAML; null: the built-in ones"),
  })
  .describe("Monthly report");
