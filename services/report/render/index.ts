import type { ReportDocument, ReportFormat } from "@v6meter/schemas";

/** Writes a document in a format; the same document gives the same bytes. */
export async function render(document: ReportDocument, format: ReportFormat): Promise<Uint8Array> {
  switch (format) {
    case "json":
      return (await import("./json.ts")).renderJson(document);
    case "csv":
      return (await import("./csv.ts")).renderCsv(document);
    case "html":
      return (await import("./html.ts")).renderHtml(document);
    case "docx":
      return (await import("./docx.ts")).renderDocx(document);
    case "pdf":
      return (await import("./pdf.ts")).renderPdf(document);
    case "xlsx":
      return (await import("./xlsx.ts")).renderXlsx(document);
  }
}
