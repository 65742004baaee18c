import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { AuditRecord } from "@v6meter/schemas";
import { auditFileName, auditFiles, readHead } from "./audit-folder.ts";
import { NOTHING_BEFORE, readRecord } from "./audit-record.ts";

/** A record somebody noted down earlier, to hold the log to. */
export interface NotedRecord {
  readonly seq: number;
  readonly hash: string;
}

/** What became of a log: how many records hold together, the last of them, and where the chain breaks. */
export interface AuditVerdict {
  readonly records: number;
  readonly last: NotedRecord | null;
  /** Null: every record is as it was written. */
  readonly problem: string | null;
}

interface Line {
  readonly text: string;
  /** Whether a line end follows it. */
  readonly ended: boolean;
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest = "";
  for await (const chunk of createReadStream(path, "utf8")) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() as string;
    for (const text of parts) yield { text, ended: true };
  }
  if (rest !== "") yield { text: rest, ended: false };
}

/**
 * Reads the whole log and says where its chain breaks first: an edited, missing, moved or added line, a missing
 * file, an end that was cut off. A log cut together with its head is found by a record noted down elsewhere.
 */
export async function verifyAudit(folder: string, noted: NotedRecord | null = null): Promise<AuditVerdict> {
  let records = 0;
  let last: NotedRecord = { seq: 0, hash: NOTHING_BEFORE };
  let notedSeen = noted === null;
  const verdict = (problem: string | null): AuditVerdict => ({ records, last: records === 0 ? null : last, problem });
  for (const [i, { name, number }] of auditFiles(folder).entries()) {
    if (number !== i + 1) return verdict(`${auditFileName(i + 1)} is missing.`);
    let line = 0;
    for await (const { text, ended } of linesOf(join(folder, name))) {
      line += 1;
      const record = ended ? readRecord(text) : "it is unfinished";
      const broken = typeof record === "string" ? `line ${line} was changed: ${record}` : gap(record, last, line);
      if (broken || typeof record === "string") return verdict(`${name}: ${broken}.`);
      records += 1;
      last = { seq: record.seq, hash: record.hash };
      if (record.seq === noted?.seq) {
        if (record.hash !== noted.hash) return verdict(`${name}: record ${record.seq} is not the one that was noted.`);
        notedSeen = true;
      }
    }
  }
  const head = readHead(folder);
  if (!head && records > 0) return verdict("head.json, which says where the log ends, is missing or broken.");
  if (head && (head.seq > last.seq || (head.seq === last.seq && head.hash !== last.hash))) {
    return verdict(`The log ends with record ${last.seq}; it was cut: record ${head.seq} had been written.`);
  }
  if (!notedSeen) return verdict(`The log ends with record ${last.seq}; it was cut: record ${noted?.seq} was noted.`);
  return verdict(null);
}

function gap({ seq, previous }: AuditRecord, last: NotedRecord, line: number): string | null {
  if (seq !== last.seq + 1) return `line ${line} is record ${seq} where record ${last.seq + 1} belongs`;
  return previous === last.hash ? null : `line ${line} does not follow from record ${last.seq}, which was changed`;
}
