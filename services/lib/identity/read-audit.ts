import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { AuditAction, AuditRecord } from "@v6meter/schemas";
import { auditFiles } from "./audit-folder.ts";
import { readRecord } from "./audit-record.ts";

/** A place in the log: everything before this byte of the file of this number. */
export interface AuditPlace {
  readonly file: number;
  readonly byte: number;
}

/** Which records are asked for. */
export interface AuditQuestion {
  /** Milliseconds since 1970, included; null: from the beginning. */
  readonly fromMs: number | null;
  /** Milliseconds since 1970, not included; null: to the end. */
  readonly toMs: number | null;
  /** Exact name of who did it; null: anybody. */
  readonly actor: string | null;
  /** What was done; empty: anything. */
  readonly actions: readonly AuditAction[];
  readonly limit: number;
  /** Where an earlier answer ended; null: the log's end. */
  readonly before: AuditPlace | null;
}

/** Records of the log, the newest first. */
export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** Lines that are not what was written. */
  readonly unreadable: number;
  /** Where older records begin; null: there are none that could be meant. */
  readonly next: AuditPlace | null;
}

/** Answers questions to a log. */
export type AuditReader = (question: AuditQuestion) => Promise<AuditPage>;

const BLOCK_BYTES = 65_536;

/** So much of the log is read for one answer; whoever wants more asks for the next page. */
const READ_MAX_BYTES = 8 * 1_048_576;

/** A clock that is set back by less than this hides no record from a question with a time. */
const CLOCK_SLACK_MS = 3_600_000;

/** Reads a folder's log from its end, in blocks: memory and time of an answer do not grow with the log. */
export async function readAudit(
  folder: string,
  { fromMs, toMs, actor, actions, limit, before }: AuditQuestion,
): Promise<AuditPage> {
  const records: AuditRecord[] = [];
  let unreadable = 0;
  let leftBytes = READ_MAX_BYTES;
  const isMeant = (record: AuditRecord, atMs: number) =>
    (fromMs === null || atMs >= fromMs) &&
    (toMs === null || atMs < toMs) &&
    (actor === null || record.actor.name === actor) &&
    (actions.length === 0 || actions.includes(record.action));

  const files = auditFiles(folder).filter(({ number }) => before === null || number <= before.file);
  const oldest = files[0]?.number;
  for (const { name, number } of files.toReversed()) {
    await using file = await open(join(folder, name));
    const { size } = await file.stat();
    let end = before?.file === number ? Math.min(before.byte, size) : await endOfLines(file, size);
    if (toMs !== null && (await isAfter(file, toMs + CLOCK_SLACK_MS))) continue;
    while (end > 0) {
      if (leftBytes <= 0) return { records, unreadable, next: { file: number, byte: end } };
      const lines = await linesBefore(file, end, leftBytes);
      leftBytes -= end - lines.start;
      for (const line of lines.newestFirst) {
        const record = readRecord(line.text);
        end = line.start;
        if (typeof record === "string") {
          unreadable += 1;
          continue;
        }
        const atMs = Date.parse(record.at);
        if (fromMs !== null && atMs < fromMs - CLOCK_SLACK_MS) return { records, unreadable, next: null };
        if (!isMeant(record, atMs)) continue;
        records.push(record);
        if (records.length < limit) continue;
        const isAll = end === 0 && number === oldest;
        return { records, unreadable, next: isAll ? null : { file: number, byte: end } };
      }
      // Also where the file has become shorter than it was.
      end = lines.start;
    }
  }
  return { records, unreadable, next: null };
}

interface Lines {
  /** First byte of the oldest line. */
  readonly start: number;
  readonly newestFirst: readonly { readonly text: string; readonly start: number }[];
}

/** The whole lines of the last block before a byte; of a line that is longer than a block all of it, or the most that may be read. */
async function linesBefore(file: FileHandle, end: number, mostBytes: number): Promise<Lines> {
  let bytes = Buffer.alloc(0);
  let start = end;
  let first = -1;
  while (start > 0 && first < 0 && end - start < mostBytes) {
    const block = Math.max(0, start - BLOCK_BYTES);
    bytes = Buffer.concat([await read(file, block, start), bytes]);
    start = block;
    // The last byte ends the newest line; a line end before it is one between two lines.
    first = start === 0 ? 0 : bytes.subarray(0, -1).indexOf(0x0a) + 1 || -1;
  }
  const from = Math.max(0, first);
  const newestFirst: { text: string; start: number }[] = [];
  for (let to = bytes.length; to > from; ) {
    const begin = to < 2 ? 0 : bytes.lastIndexOf(0x0a, to - 2) + 1;
    const at = Math.max(from, begin);
    newestFirst.push({ text: bytes.toString("utf8", at, bytes[to - 1] === 0x0a ? to - 1 : to), start: start + at });
    to = at;
  }
  return { start: start + from, newestFirst };
}

/** The end of the last line that is finished; one that is being written is not read yet. */
async function endOfLines(file: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const at = (await read(file, start, end)).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** Whether a file begins after an instant, and so has nothing before it. */
async function isAfter(file: FileHandle, atMs: number): Promise<boolean> {
  const block = await read(file, 0, BLOCK_BYTES);
  const end = block.indexOf(0x0a);
  const record = end < 0 ? "too long" : readRecord(block.toString("utf8", 0, end));
  return typeof record !== "string" && Date.parse(record.at) > atMs;
}

async function read(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(to - from);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
