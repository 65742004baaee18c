import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import { loadRegistry, registryVersion } from "./load-registry.ts";
import type { Registry } from "./registry.ts";

/** What to do when the registry's files change. */
export interface RegistryWatch {
  /** A new registry that is valid as a whole. */
  onChange(registry: Registry): void;
  /** The files are broken: the registry in force stays. Called once for each state of the files. */
  onError(fault: Fault): void;
  /** The registry in force; without it, the files as they are when the watch begins. */
  readonly since?: Registry;
  /** Quiet time after the last change before the files are read. */
  readonly debounceMs?: number;
  /** The files are also looked at this often, for file systems that report no changes. */
  readonly pollMs?: number;
}

/** Re-reads the registry whenever a file of the folder changes; with null there is nothing to watch. */
export function watchRegistry(
  dir: string | null,
  { onChange, onError, since, debounceMs = 200, pollMs = 5_000 }: RegistryWatch,
): { stop(): void } {
  if (dir === null) return { stop() {} };
  let seen = since?.version ?? versionOrNone(dir);
  let stamp = stampOf(dir);
  let pending: NodeJS.Timeout | undefined;

  const look = () => {
    const version = versionOrNone(dir);
    if (version === seen) return;
    seen = version;
    try {
      const registry = loadRegistry(dir);
      // A file that changed between the two readings is read once more by the next look.
      seen = registry.version;
      onChange(registry);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      onError(error);
    }
  };
  const lookSoon = () => {
    clearTimeout(pending);
    pending = setTimeout(look, debounceMs);
    pending.unref();
  };

  const lookIfTouched = () => {
    const now = stampOf(dir);
    if (now === stamp) return;
    stamp = now;
    look();
  };

  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dir, { persistent: false }, lookSoon);
    // The folder may be removed or replaced; looking at it in turn goes on.
    watcher.on("error", () => watcher?.close());
  } catch {
    // Not every file system can be watched; looking at it in turn is enough.
  }
  const poll = setInterval(lookIfTouched, pollMs);
  poll.unref();
  // What changed since the registry in force was read is found without waiting for another change.
  if (since !== undefined) lookSoon();
  return {
    stop() {
      watcher?.close();
      clearInterval(poll);
      clearTimeout(pending);
    },
  };
}

function versionOrNone(dir: string): string {
  try {
    return registryVersion(dir);
  } catch {
    return "unreadable";
  }
}

/** Tells cheaply whether a file of the folder may have changed. */
function stampOf(dir: string): string {
  try {
    return readdirSync(dir)
      .map((name) => {
        const { ino, size, mtimeNs } = statSync(join(dir, name), { bigint: true });
        return `${name} ${ino} ${size} ${mtimeNs}`;
      })
      .join("\n");
  } catch {
    return "unreadable";
  }
}
