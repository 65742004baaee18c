import { createHash } from "node:crypto";
import { type AuditEntry, type AuditRecord, auditRecord } from "@v6meter/schemas";

/** What stands before the first record. */
export const NOTHING_BEFORE = "0".repeat(64);

/** JSON whose members are sorted at every depth: one text for one value. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function hashOf({ hash: _, ...rest }: Omit<AuditRecord, "hash"> & { hash?: string }): string {
  return createHash("sha256")
    .update(`${rest.previous}\n${canonical(rest)}`)
    .digest("hex");
}

/** An entry as a record of the chain. */
export function chained(entry: AuditEntry, at: { seq: number; at: string; previous: string }): AuditRecord {
  const { actor, from, action, outcome, detail } = entry;
  const record = { ...at, actor, from, action, outcome, detail };
  return { ...record, hash: hashOf(record) };
}

/** Reads a line; a text where it is not a record that hashes to what it says. */
export function readRecord(line: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "it is not JSON";
  }
  const parsed = auditRecord.safeParse(value);
  if (!parsed.success) return "it is not a record";
  // The value's own members, in case the schema's reading leaves some out.
  if (canonical(value) !== line) return "it is not written as records are";
  return hashOf(parsed.data) === parsed.data.hash ? parsed.data : "its content does not match its hash";
}
