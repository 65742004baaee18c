import { readFileSync } from "node:fs";
import { type Config, config, Fault } from "@v6meter/schemas";
import { parse } from "yaml";
import { z } from "zod";

/** Where settings come from; the later ones win: defaults, file, environment, flags. */
export interface SettingSources {
  /** `V6METER_…` variables are read from it, others are left alone. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Settings given on the command line, by path: `{"query.http": "127.0.0.1:0"}`. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** A file that must exist; null reads `v6meter.yaml` of the working folder where there is one. */
  readonly file: string | null;
}

/** Settings in force, and where each one that is not a default came from, by path. */
export interface Settings {
  readonly config: Config;
  readonly origins: ReadonlyMap<string, string>;
}

export const DEFAULT_CONFIG_FILE = "v6meter.yaml";
const PREFIX = "V6METER_";
/** Names the configuration file itself, and so is not a setting. */
export const CONFIG_FILE_VARIABLE = "V6METER_CONFIG";

/** Variables by names that other programs know as well. */
const KNOWN_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  KAFKA_BROKERS: ["bus", "kafka", "brokers"],
  CLICKHOUSE_URL: ["store", "url"],
};

type Tree = { [key: string]: unknown };
interface JsonSchema {
  type?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  minItems?: number;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
}

const SCHEMA = z.toJSONSchema(config, { io: "input", unrepresentable: "any" }) as JsonSchema;

function schemaAt(path: readonly PropertyKey[]): JsonSchema | undefined {
  let schema: JsonSchema | undefined = SCHEMA;
  for (const key of path) schema = typeof key === "number" ? schema?.items : schema?.properties?.[String(key)];
  return schema;
}

/** What a setting may be, in words. */
function allowed(schema: JsonSchema | undefined): string {
  if (!schema) return "nothing of that name";
  if (schema.anyOf) return schema.anyOf.map(allowed).join(", or ");
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  if (schema.type === "integer" || schema.type === "number")
    return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === "array") return `a list of ${allowed(schema.items)}`;
  if (schema.type === "object") return `a group of ${Object.keys(schema.properties ?? {}).join(", ")}`;
  return schema.type === "null" ? "null" : `a ${schema.type}`;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without a prototype: a name such as __proto__ is a setting like any other, and unknown. */
function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree;
  for (const key of path.slice(0, -1)) {
    if (!isTree(at[key])) at[key] = emptyTree();
    at = at[key] as Tree;
  }
  const key = path.at(-1) as string;
  // A group without settings is there, and leaves what others have put into it.
  if (isTree(value)) at[key] = isTree(at[key]) ? at[key] : emptyTree();
  else at[key] = value;
}

function leaves(value: unknown, path: string[] = []): { path: string[]; value: unknown }[] {
  const entries = isTree(value) ? Object.entries(value) : [];
  if (entries.length === 0) return [{ path, value }];
  return entries.flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** A variable's text as the setting's type wants it: lists by commas, the rest as a YAML scalar. */
function fromText(path: readonly string[], text: string): unknown {
  const schema = schemaAt(path);
  if (schema?.type === "array") return text.split(",").map((part) => part.trim());
  if (schema?.type === "string" && !schema.enum) return text;
  return parse(text);
}

function readFile(file: string | null): { tree: Tree; name: string } {
  const name = file ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (cause) {
    if (file === null && (cause as NodeJS.ErrnoException).code === "ENOENT") return { tree: {}, name };
    throw new Fault("CONFIG_UNREADABLE", `${name}: cannot be read (${(cause as Error).message}).`, { cause });
  }
  let tree: unknown;
  try {
    tree = parse(text) ?? {};
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${name}: is not YAML: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
  if (!isTree(tree)) throw new Fault("CONFIG_INVALID", `${name}: must hold settings, ${allowed(SCHEMA)}.`);
  return { tree, name };
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let at = tree;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
  return at;
}

/**
 * Reads and checks all settings. Throws CONFIG_INVALID with one sentence a wrong or unknown setting:
 * its path, where it was set, what was found and what is allowed; CONFIG_UNREADABLE for the file.
 */
export function loadSettings(sources: SettingSources): Settings {
  const merged = emptyTree();
  const origins = new Map<string, string>();
  const set = (path: string[], value: unknown, origin: string) => {
    put(merged, path, value);
    origins.set(path.join("."), origin);
  };

  const file = readFile(sources.file);
  for (const { path, value } of leaves(file.tree)) if (path.length > 0) set(path, value, file.name);
  for (const [name, path] of Object.entries(KNOWN_VARIABLES)) {
    const text = sources.env[name];
    if (text) set([...path], fromText(path, text), name);
  }
  for (const [name, text] of Object.entries(sources.env)) {
    if (!name.startsWith(PREFIX) || name === CONFIG_FILE_VARIABLE || text === undefined) continue;
    const path = name.slice(PREFIX.length).toLowerCase().split("__");
    set(path, fromText(path, text), name);
  }
  for (const [path, value] of Object.entries(sources.flags)) set(path.split("."), value, "command line");

  const result = config.safeParse(merged);
  if (result.success) return { config: result.data, origins };

  const problems = result.error.issues.flatMap((issue) => {
    const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => {
      const name = path.join(".");
      const origin =
        origins.get(name) ??
        [...origins].find(([key]) => key.startsWith(`${name}.`) || name.startsWith(`${key}.`))?.[1];
      const where = `${name} (${origin ?? "default"})`;
      if (issue.code === "unrecognized_keys")
        return `${where}: unknown setting; allowed here: ${Object.keys(schemaAt(issue.path)?.properties ?? {}).join(", ")}.`;
      const rule = issue.code === "custom" ? issue.message.replace(/^must be /, "") : allowed(schemaAt(path));
      return `${where}: found ${quoted(valueAt(merged, path))}, allowed is ${rule}.`;
    });
  });
  throw new Fault("CONFIG_INVALID", problems.join("\n"));
}
