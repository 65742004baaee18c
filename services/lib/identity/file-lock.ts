import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";

const RETRY_MS = 5;

/**
 * Runs a task while no other process runs one with the same lock file. The lock is the operating system's, by
 * way of an SQLite file that is never written: a killed process leaves none behind. Throws DATA_IN_USE where
 * it is not free within the wait.
 */
export async function withFileLock<T>(lockFile: string, waitMs: number, task: () => T | Promise<T>): Promise<T> {
  mkdirSync(dirname(lockFile), { recursive: true, mode: 0o700 });
  const file = new DatabaseSync(lockFile);
  try {
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      try {
        file.exec("BEGIN EXCLUSIVE");
        break;
      } catch (cause) {
        if (waitedMs >= waitMs) {
          throw new Fault("DATA_IN_USE", `${lockFile} is held by another process: try again.`, { cause });
        }
        await sleep(RETRY_MS);
      }
    }
    return await task();
  } finally {
    file.close();
  }
}
