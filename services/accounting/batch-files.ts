import { createReadStream } from "node:fs";
import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "@v6meter/bus";
import type { Logger } from "@v6meter/runtime";
import { type DropReason, Fault, sessionRow, TOPICS } from "@v6meter/schemas";
import { CsvError, parse } from "csv-parse";
import type { EventWriter } from "./event-writer.ts";
import type { Outbox } from "./outbox.ts";
import { NO_CLIENT } from "./tally.ts";

const POLL_MS = 2_000;
/** A file is taken once nothing was written to it for so long. Who writes slower writes under another name and renames. */
const QUIET_MS = 5_000;
const LINES_A_PUBLISH = 8_192;
const LINE_MAX_CHARACTERS = 65_536;
/** Of each file so many wrong lines are logged by their number; all are counted. */
const LOGGED_LINES = 20;
const COLUMNS = Object.keys(sessionRow.shape);
const POSITIONS = TOPICS.positions.name;

/** How far a file is published, beside its rows. */
interface Position {
  readonly inode: number;
  readonly bytes: number;
  readonly lines: number;
}

/** What the import of batch files did since its start, for metrics. */
export interface BatchFilesCounts {
  files: number;
  filesRefused: number;
  lines: number;
  dropped: Partial<Record<DropReason, number>>;
}

export interface BatchFilesOptions {
  readonly dir: string;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly writer: EventWriter;
  readonly logger: Logger;
  readonly quietMs?: number;
  readonly pollMs?: number;
}

/** Cells may stand in quotes; none holds a comma or a line end, so that one broken line never takes others along. */
function unquoted(cell: string): string {
  const text = cell.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"').trim()
    : text;
}

/** The columns a header names. Throws CONFIG_INVALID where they are not those of a batch file. */
function readHeader(name: string, header: readonly string[]): string[] {
  const columns = header.map(unquoted);
  const strange = columns.find((column, i) => !COLUMNS.includes(column) || columns.indexOf(column) !== i);
  const missing = ["event_at", "status_type"].find((column) => !columns.includes(column));
  if (strange === undefined && missing === undefined) return columns;
  // The header may be a line of data: it is not shown.
  const what = strange === undefined ? `column ${missing} is missing` : "a column is unknown or given twice";
  throw new Fault("CONFIG_INVALID", `sessions.import_dir: ${name}:1: ${what}; allowed are ${COLUMNS.join(", ")}.`);
}

/**
 * Takes in batch files of sessions, one at a time in the order of their names. Each publish bears how far its file
 * got, so that after a crash it goes on there; a file that is through is renamed to *.done. Should a file be taken
 * twice all the same, its events are: an event is stored once by its session, status and time.
 */
export class BatchFiles {
  readonly #options: BatchFilesOptions;
  readonly #stopping = new AbortController();
  readonly #refused = new Map<string, string>();
  #running: Promise<void> = Promise.resolve();
  readonly counts: BatchFilesCounts = { files: 0, filesRefused: 0, lines: 0, dropped: {} };

  constructor(options: BatchFilesOptions) {
    this.#options = options;
  }

  /** Begins to watch the folder; `onFailure` is told what the bus refuses for good. */
  start(onFailure: (error: unknown) => void): void {
    this.#running = this.#run().catch(onFailure);
  }

  /** Ends after what is being published; a file in the middle is gone on with at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const name of await this.#dueFiles()) {
        if (signal.aborted) return;
        await this.#take(name);
      }
      await sleep(this.#options.pollMs ?? POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #dueFiles(): Promise<string[]> {
    const { dir, logger, quietMs = QUIET_MS } = this.#options;
    const due: string[] = [];
    try {
      for (const entry of await readdir(dir, { withFileTypes: true })) {
        if (!entry.isFile() || !entry.name.endsWith(".csv") || entry.name.startsWith(".")) continue;
        const { mtimeMs, size } = await stat(join(dir, entry.name));
        if (Date.now() - mtimeMs >= quietMs && this.#refused.get(entry.name) !== `${size} ${mtimeMs}`)
          due.push(entry.name);
      }
    } catch (error) {
      logger.warn({ err: error }, "sessions.import_dir cannot be read for now");
    }
    return due.sort();
  }

  async #take(name: string): Promise<void> {
    const { dir, bus, logger } = this.#options;
    const path = join(dir, name);
    try {
      const { size, mtimeMs } = await stat(path);
      try {
        const { lines, dropped } = await this.#publish(name, path);
        if (this.#stopping.signal.aborted) return;
        await rename(path, `${path}.done`);
        this.counts.files++;
        logger.info({ file: name, lines, dropped }, "a batch file of sessions was taken in");
        await bus.publish([{ topic: POSITIONS, key: positionKey(name), value: null }]);
      } catch (error) {
        const isRefused = error instanceof CsvError || (error instanceof Fault && error.code === "CONFIG_INVALID");
        if (!isRefused) throw error;
        this.counts.filesRefused++;
        this.#refused.set(name, `${size} ${mtimeMs}`);
        const says = error instanceof CsvError ? `${name}:${error.lines}: ${error.code}` : error.message;
        logger.error({ file: name }, `a batch file of sessions was not taken in, not to its end: ${says}`);
      }
    } catch (error) {
      // The file stays, or at worst its position does: both are met again at the next look.
      const passes = error instanceof Fault ? error.retry : (error as NodeJS.ErrnoException).syscall !== undefined;
      if (!passes) throw error;
      logger.warn({ file: name, code: (error as NodeJS.ErrnoException).code }, "a batch file of sessions waits");
    }
  }

  async #publish(name: string, path: string): Promise<{ lines: number; dropped: number }> {
    const { outbox } = this.#options;
    const { signal } = this.#stopping;
    const { ino: inode, size: bytes } = await stat(path);
    const skip = await this.#published(name, inode, bytes);
    const flush = (lines: number) => {
      const position: Position = { inode, bytes, lines };
      return outbox.flush([{ topic: POSITIONS, key: positionKey(name), value: Buffer.from(JSON.stringify(position)) }]);
    };
    const parser = createReadStream(path).pipe(
      parse({
        bom: true,
        quote: null,
        info: true,
        comment: "#",
        comment_no_infix: true,
        skip_empty_lines: true,
        relax_column_count: true,
        max_record_size: LINE_MAX_CHARACTERS,
      }),
    );
    let columns: string[] | null = null;
    let lines = 0;
    let dropped = 0;
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns === null) {
        columns = readHeader(name, record);
        continue;
      }
      if (++lines <= skip) continue;
      const { reason, column } = this.#writeLine(columns, record);
      this.counts.lines++;
      outbox.tally.book(NO_CLIENT, reason);
      if (reason !== null) {
        this.counts.dropped[reason] = (this.counts.dropped[reason] ?? 0) + 1;
        if (++dropped <= LOGGED_LINES)
          this.#options.logger.warn(
            { file: name, line: info.lines, reason, column },
            "a line of a batch file tells no event",
          );
      }
      if (outbox.isFull || lines % LINES_A_PUBLISH === 0) await flush(lines);
      if (signal.aborted) break;
    }
    if (lines > skip) await flush(lines);
    return { lines, dropped };
  }

  /** Nothing of a line but the name of its wrong column is told: the rest may be an identity. */
  #writeLine(columns: readonly string[], record: readonly string[]): { reason: DropReason | null; column?: string } {
    if (record.length > columns.length) return { reason: "line_malformed" };
    const cells: Record<string, string> = {};
    for (const [i, cell] of record.entries()) {
      const text = unquoted(cell);
      if (text !== "") cells[columns[i] as string] = text;
    }
    const parsed = sessionRow.safeParse(cells);
    if (!parsed.success) return { reason: "line_malformed", column: String(parsed.error.issues[0]?.path[0]) };
    return { reason: this.#options.writer.writeRow(parsed.data, Date.now()) };
  }

  /** Lines of the file that are published: a file under the same name that is another one begins anew. */
  async #published(name: string, inode: number, bytes: number): Promise<number> {
    const key = positionKey(name);
    const found = (await this.#options.bus.latest(POSITIONS, key)).get(key);
    if (found === undefined) return 0;
    const position = JSON.parse(Buffer.from(found).toString()) as Position;
    return position.inode === inode && position.bytes <= bytes ? position.lines : 0;
  }
}

function positionKey(name: string): string {
  return `accounting/file/${name}`;
}
