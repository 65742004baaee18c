import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Fault } from "@v6meter/schemas";

/** Not recursive by Node itself: that never ends where the system has no such folder, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  const made = () => mkdir(path, { mode: 0o700 });
  try {
    await made();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await made();
  }
}

/**
 * Makes the folder that a setting names, with its parents, readable by its owner only. Throws
 * CONFIG_INVALID where there can be no folder, or none that this process may write to.
 */
export async function ensureWritableFolder(path: string, setting: string): Promise<void> {
  const folder = resolve(path);
  try {
    await makeFolder(folder);
    // Of a file that stands in its place there is nothing within.
    await access(`${folder}/.`, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = (cause as Error).message.split(",")[0];
    throw new Fault(
      "CONFIG_INVALID",
      `${setting}: ${path} cannot be used (${reason}); allowed is a folder to write to.`,
      {
        cause,
      },
    );
  }
}
