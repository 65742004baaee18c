import { z } from "zod";
import { REPORT_FORMAT_NAMES, REPORT_LANGUAGES } from "../report/document.ts";
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
  lang: oneOf(REPORT_LANGUAGES).default("zh").describe("Language of the report"),
});
