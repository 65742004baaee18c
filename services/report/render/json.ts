import type { ReportDocument } from "@v6meter/schemas";

/** The document itself, for programs. */
export function renderJson(document: ReportDocument): Uint8Array {
  return Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
}
