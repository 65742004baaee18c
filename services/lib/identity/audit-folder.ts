import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const NAME = /^audit-(\d{6})\.jsonl$/;

/** The last record that was written, kept beside the log: a log that ends before it was cut. */
const headFile = z.strictObject({
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  file: z.string(),
  bytes: z.int().min(1),
});
export type AuditHead = z.infer<typeof headFile>;

/** The file of a number. */
export function auditFileName(number: number): string {
  return `audit-${String(number).padStart(6, "0")}.jsonl`;
}

/** The log's files by their numbers; none where there is no folder. */
export function auditFiles(folder: string): { name: string; number: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
}

export function headPath(folder: string): string {
  return join(folder, "head.json");
}

/** The head; null where there is none that can be read. */
export function readHead(folder: string): AuditHead | null {
  try {
    return headFile.parse(JSON.parse(readFileSync(headPath(folder), "utf8")));
  } catch {
    return null;
  }
}
