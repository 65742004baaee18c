import type { ReportDocument } from "@v6meter/schemas";

/** When a document says it was made, ISO 8601 in UTC: when its snapshot was taken, of live figures the begin of its month. */
export function momentOf({ snapshot, month }: ReportDocument): string {
  const at = snapshot?.taken_at ?? `${month}-01T00:00:00+08:00`;
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
