import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Problems, readYaml } from "@v6meter/classify";
import { Fault } from "@v6meter/schemas";
import type { z } from "zod";

/** A file that a setting names, as it was read. */
export interface SettingsFile<T> {
  readonly path: string;
  readonly value: T;
  /** Adds a mistake of the content, by the path of the part it is in; `check` throws them all. */
  complain(part: readonly PropertyKey[], sentence: string): void;
  /** Throws CONFIG_INVALID with a line for each mistake, if there are any. */
  check(): void;
}

/** Reads what a setting names. Throws CONFIG_INVALID where it cannot be read. */
export function readText(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${setting}: ${path} cannot be read (${(cause as Error).message}).`, { cause });
  }
}

function throwFound(setting: string, problems: Problems): void {
  if (problems.found.length === 0) return;
  const lines = problems.found.slice(0, 20).map(({ path, line, sentence }) => `${path}:${line}: ${sentence}`);
  throw new Fault("CONFIG_INVALID", `${setting}: ${lines.join("\n")}`);
}

/** Reads a YAML file by its schema. Throws CONFIG_INVALID that names the line of each mistake. */
export function readSettingsFile<S extends z.ZodType>(
  setting: string,
  path: string,
  schema: S,
): SettingsFile<z.output<S>> {
  const problems = new Problems();
  const text = readText(setting, path);
  const read = readYaml({ name: path, path, text, builtIn: false }, schema, problems);
  throwFound(setting, problems);
  // Without problems there is a value.
  const { value, lineOf } = read as NonNullable<typeof read>;
  return {
    path,
    value,
    complain: (part, sentence) => problems.add(path, lineOf(part), sentence),
    check: () => throwFound(setting, problems),
  };
}

/** A path of a settings file: relative to the folder the file is in. */
export function besideFile(file: string, path: string): string {
  return resolve(dirname(file), path);
}

/** Throws CONFIG_INVALID where others than the owner may read the file. */
export function checkPrivate(setting: string, path: string): void {
  let mode = 0;
  try {
    mode = statSync(path).mode;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${setting}: ${path} cannot be read (${(cause as Error).message}).`, { cause });
  }
  if ((mode & 0o077) === 0) return;
  const found = (mode & 0o777).toString(8).padStart(4, "0");
  throw new Fault(
    "CONFIG_INVALID",
    `${setting}: ${path}: mode ${found} lets others read the key; allowed is 0600. Run: chmod 600 ${path}.`,
  );
}
