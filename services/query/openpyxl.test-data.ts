import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSION = "3.1.5";
const SCRIPT = join(import.meta.dirname, "openpyxl.test-child.py");

/** Where openpyxl lies, installed at its first use on a machine; null where that cannot be, which fails under CI. */
export function installedOpenpyxl(): string | null {
  const folder = join(tmpdir(), `v6meter-openpyxl-${VERSION}`);
  if (existsSync(folder)) return folder;
  const part = `${folder}.${process.pid}`;
  try {
    mkdirSync(part);
    const what = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", part];
    execFileSync("python3", [...what, `openpyxl==${VERSION}`], { stdio: "pipe", timeout: 120_000 });
    renameSync(part, folder);
    return folder;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    const line = `NOT RUN: workbooks read and written by Python's openpyxl ${VERSION}: python3 with pip cannot install it`;
    if (process.env.CI) throw new Error(line, { cause: error });
    process.stderr.write(`${line}\n`);
    return null;
  }
}

/** What openpyxl finds in a workbook. */
export interface FoundWorkbook {
  readonly sheets: Readonly<Record<string, (string | number | null)[][]>>;
  readonly validations: readonly {
    readonly type: string | null;
    readonly operator: string | null;
    readonly formula: string | null;
    readonly cells: string;
    readonly prompt: string | null;
  }[];
}

/** Has openpyxl read a workbook. */
export function readByOpenpyxl(folder: string, path: string): FoundWorkbook {
  return JSON.parse(execFileSync("python3", ["-B", SCRIPT, folder, "read", path], { encoding: "utf8" }));
}

/** Has openpyxl write cells of a workbook's first sheet and save it elsewhere. */
export function fillByOpenpyxl(folder: string, from: string, to: string, cells: Record<string, string | number>): void {
  execFileSync("python3", ["-B", SCRIPT, folder, "fill", from, to, JSON.stringify(cells)]);
}
