import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type AuditEntry, Fault } from "@v6meter/schemas";
import { auditFileName, auditFiles, headPath, readHead } from "./audit-folder.ts";
import { canonical, chained, NOTHING_BEFORE, readRecord } from "./audit-record.ts";
import { replaceFile, syncFolder } from "./durable-file.ts";
import { withFileLock } from "./file-lock.ts";

/** Where what people did is written down. */
export interface Audit {
  /** Returns when the entry is on the disk. Throws AUDIT_UNWRITABLE: what was to be done must not be done then. */
  append(entry: AuditEntry): Promise<void>;
}

/**
 * Makes a change between two entries of the log: one that cannot be written down is not made, and the second entry tells
 * what came of it. Throws AUDIT_UNWRITABLE and what the change throws.
 */
export async function writtenDown<T>(
  audit: Audit,
  entry: Omit<AuditEntry, "outcome">,
  change: () => Promise<T>,
): Promise<T> {
  await audit.append({ ...entry, outcome: "started" });
  const { name = null } = entry.detail;
  const ended = (outcome: string) => audit.append({ ...entry, outcome, detail: { name } });
  let changed: T;
  try {
    changed = await change();
  } catch (error) {
    await ended(error instanceof Fault ? error.code : "INTERNAL");
    throw error;
  }
  await ended("done");
  return changed;
}

export interface AuditLogOptions {
  readonly folder: string;
  /** A file that has grown to this is followed by the next one. */
  readonly fileMaxBytes: number;
  readonly now?: () => number;
}

const LOCK_WAIT_MS = 10_000;

/** Where the chain goes on. */
interface End {
  readonly seq: number;
  readonly hash: string;
  readonly file: string;
  readonly bytes: number;
  /** Bytes of a line that a crash left unfinished, and that are taken off. */
  readonly unfinished: number;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly written: PromiseWithResolvers<void>;
}

/**
 * The audit log of a folder: JSON lines, each with the hash of the one before. Several processes may write the
 * same one; entries that come while others are being written go to the disk together.
 */
export class AuditLog implements Audit {
  readonly #options: AuditLogOptions;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  append(entry: AuditEntry): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#waiting.push({ entry, written });
    if (!this.#writing) void this.#writeAll();
    return written.promise;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await withFileLock(join(this.#options.folder, "lock"), LOCK_WAIT_MS, () =>
          this.#write(batch.map(({ entry }) => entry)),
        );
        for (const { written } of batch) written.resolve();
      } catch (cause) {
        const what = `The audit log in ${this.#options.folder} cannot be written (${(cause as Error).message}).`;
        for (const { written } of batch) written.reject(new Fault("AUDIT_UNWRITABLE", what, { cause }));
      }
    }
    this.#writing = false;
  }

  #write(entries: readonly AuditEntry[]): void {
    const { folder, fileMaxBytes } = this.#options;
    const end = endOf(folder);
    const recovered: AuditEntry[] = end.unfinished > 0 ? [recovery(end.unfinished)] : [];
    let { seq, hash } = end;
    const at = new Date(this.#now()).toISOString();
    const lines = [...recovered, ...entries].map((entry) => {
      const record = chained(entry, { seq: seq + 1, at, previous: hash });
      ({ seq, hash } = record);
      return `${canonical(record)}\n`;
    });
    const full = end.bytes >= fileMaxBytes;
    const file = full ? nextFile(end.file) : end.file;
    const bytes = appendTo(join(folder, file), full ? 0 : end.bytes, lines.join(""));
    if (full || end.bytes === 0) syncFolder(folder);
    replaceFile(headPath(folder), `${JSON.stringify({ seq, hash, file, bytes })}\n`);
  }
}

function recovery(bytes: number): AuditEntry {
  return {
    actor: { kind: "command", name: "v6meter", role: null, operator: null },
    from: null,
    action: "log.recovered",
    outcome: "done",
    detail: { bytes },
  };
}

function nextFile(name: string): string {
  return auditFileName(Number(/\d+/.exec(name)?.[0]) + 1);
}

/** Where the log ends: at its head, or behind it by what was written before a crash. */
function endOf(folder: string): End {
  const head = readHead(folder);
  const last = auditFiles(folder).at(-1);
  if (!last) {
    // A log that was taken away goes on where its head was, so that the gap shows.
    return { seq: head?.seq ?? 0, hash: head?.hash ?? NOTHING_BEFORE, file: auditFileName(1), bytes: 0, unfinished: 0 };
  }
  const path = join(folder, last.name);
  const size = statSync(path).size;
  if (head && head.file === last.name && head.bytes === size) return { ...head, unfinished: 0 };
  const text = readFileSync(path);
  const bytes = text.lastIndexOf(0x0a) + 1;
  const line = text.subarray(text.lastIndexOf(0x0a, bytes - 2) + 1, Math.max(0, bytes - 1)).toString();
  const record = readRecord(line);
  const ahead = typeof record === "string" || (head !== null && head.seq > record.seq) ? head : record;
  const { seq = 0, hash = NOTHING_BEFORE } = ahead ?? {};
  return { seq, hash, file: last.name, bytes, unfinished: size - bytes };
}

/** Writes lines behind so many bytes of a file and syncs them; a write that fails leaves the file as it was. */
function appendTo(path: string, from: number, text: string): number {
  const descriptor = openSync(path, "a", 0o600);
  try {
    ftruncateSync(descriptor, from);
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, from);
      throw error;
    }
    return from + bytes.length;
  } finally {
    closeSync(descriptor);
  }
}
