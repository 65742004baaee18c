import { z } from "zod";
import { REPORT_FORMAT_NAMES, REPORT_LANGUAGES, reportMonth } from "../report/document.ts";
import { instant } from "./instant.ts";
import { oneOf } from "./parameters.ts";

const FILE = new RegExp(`^20\\d\\d-(0[1-9]|1[0-2])\\.(${REPORT_FORMAT_NAMES.join("|")})$`);

/** Path of `GET /api/v1/reports/monthly/{file}`. */
export const monthlyReportPath = z.object({
  file: z
    .string()
    .regex(FILE, {
      error: `a month of Asia/Shanghai and a format, such as 2026-10.docx (${REPORT_FORMAT_NAMES.join(", ")})`,
    })
    .describe("Month and format, such as 2026-10.docx"),
});

/** Parameters of `GET /api/v1/reports/monthly/{file}`. */
export const monthlyReportParameters = z.strictObject({
  snapshot: z
    .string()
    .regex(/^20\d\d-(0[1-9]|1[0-2])-v[1-9]\d{0,3}$/, { error: "the id of a snapshot such as 2026-10-v1" })
    .optional()
    .describe("A frozen state of the month; the newest one without it, live figures where the month has none"),
  lang: oneOf(REPORT_LANGUAGES).default("zh").describe("Language of the report"),
});

/** Path of `POST /api/v1/reports/monthly/{month}/publish`. */
export const monthlyReportMonth = z.object({
  month: reportMonth.describe("Month of Asia/Shanghai, such as 2026-10"),
});

/** Answer of `POST /api/v1/reports/monthly/{month}/publish`. */
export const publishedReport = z
  .object({ month: z.string(), snapshot: z.string(), published_at: instant })
  .describe("The state of the month that is published");
