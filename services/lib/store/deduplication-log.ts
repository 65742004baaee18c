/**
 * ClickHouse's record of the inserts a table remembers: `deduplication_logs/deduplication_log_N.txt` in
 * the table's folder, a line `operation TAB part TAB block id` each, operation 1 for an added part.
 *
 * The engine writes the line first and then renames the part's folder to its name. A process killed
 * between the two leaves a line without a part: the insert was never acknowledged, yet its repetition
 * would be taken for a duplicate and its rows would be lost. So before the engine opens the folder,
 * lines whose part is nowhere are taken out.
 */

import { existsSync, globSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ADDED = "1";
/** `partition_firstBlock_lastBlock_level`, and a mutation's number where there was one. */
const PART_NAME = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;

interface BlockRange {
  readonly partition: string;
  readonly first: number;
  readonly last: number;
}

function blockRange(partName: string): BlockRange | null {
  const match = PART_NAME.exec(partName);
  return match && { partition: match[1] as string, first: Number(match[2]), last: Number(match[3]) };
}

/** The block numbers of the parts in a table's folder; a merged part spans those it was merged from. */
function rangesOfParts(tableFolder: string): BlockRange[] {
  return readdirSync(tableFolder).flatMap((name) => blockRange(name) ?? []);
}

function repairLog(file: string, parts: readonly BlockRange[]): number {
  const lines = readFileSync(file, "utf8").split("\n");
  const kept = lines.filter((line) => {
    const [operation, partName = ""] = line.split("\t");
    const added = operation === ADDED ? blockRange(partName) : null;
    if (!added) return true;
    return parts.some(
      ({ partition, first, last }) => partition === added.partition && first <= added.first && added.last <= last,
    );
  });
  if (kept.length === lines.length) return 0;
  writeFileSync(`${file}.repaired`, kept.join("\n"));
  renameSync(`${file}.repaired`, file);
  return lines.length - kept.length;
}

/**
 * Takes the lines without a part out of the deduplication logs of all tables of a data folder that no
 * engine has open. Lines of expired parts go as well: nothing so old is repeated. Returns how many went.
 */
export function repairDeduplicationLogs(engineFolder: string): number {
  if (!existsSync(engineFolder)) return 0;
  let removed = 0;
  const parts = new Map<string, BlockRange[]>();
  for (const path of globSync("store/*/*/deduplication_logs/deduplication_log_*.txt", { cwd: engineFolder })) {
    const tableFolder = join(engineFolder, dirname(dirname(path)));
    const ranges = parts.get(tableFolder) ?? rangesOfParts(tableFolder);
    parts.set(tableFolder, ranges);
    removed += repairLog(join(engineFolder, path), ranges);
  }
  return removed;
}
