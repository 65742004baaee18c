import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@v6meter/schemas";

/** Holds a folder until it is released or the process ends, however it ends. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes a folder for this process. The lock is the operating system's, by way of an SQLite file that is
 * never written: a killed process leaves none behind. Throws DATA_IN_USE where another holds it.
 */
export function lockFolder(lockFile: string): FolderLock {
  mkdirSync(dirname(lockFile), { recursive: true });
  const file = new DatabaseSync(lockFile);
  try {
    file.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (cause) {
    file.close();
    throw new Fault(
      "DATA_IN_USE",
      `The folder ${dirname(lockFile)} belongs to another running process: stop it, or choose another data_dir.`,
      { cause },
    );
  }
  return { release: () => file.close() };
}
