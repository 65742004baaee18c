import { Fault } from "@v6meter/schemas";
import { CsvError, parse } from "csv-parse/sync";
import { isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";

/** One file of the registry as it was read. */
export interface RegistryFile {
  /** Name in its folder; tells what the file holds. */
  readonly name: string;
  /** Path as the user knows it, for messages. */
  readonly path: string;
  readonly text: string;
  readonly builtIn: boolean;
}

const LISTED = 20;

/** One thing that is wrong with a file; line 0 stands for the file as a whole. */
export interface RegistryProblem {
  readonly path: string;
  readonly line: number;
  readonly sentence: string;
}

/** The fault REGISTRY_INVALID with every problem behind it, by file and line; its message lists the first 20. */
export class RegistryFault extends Fault {
  readonly problems: readonly RegistryProblem[];

  constructor(problems: readonly RegistryProblem[]) {
    const sentences = problems.map(({ path, line, sentence }) =>
      line > 0 ? `${path}:${line}: ${sentence}` : `${path}: ${sentence}`,
    );
    const listed = sentences.slice(0, LISTED);
    if (sentences.length > LISTED) listed.push(`and ${sentences.length - LISTED} more`);
    super("REGISTRY_INVALID", listed.join("\n"));
    this.problems = problems;
  }
}

/** Collects what is wrong with the files, so that one run tells all of it. */
export class Problems {
  readonly #found: RegistryProblem[] = [];

  /** Adds one sentence about a line; line 0 stands for the file as a whole. */
  add(path: string, line: number, sentence: string): void {
    this.#found.push({ path, line, sentence });
  }

  /** What was found, in order. */
  get found(): readonly RegistryProblem[] {
    return this.#found;
  }

  /** Throws a RegistryFault of what was found, if there is anything. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    throw new RegistryFault(
      this.#found.toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)),
    );
  }
}

/** A parsed value and the line each part of it stands on. */
export interface Located<T> {
  readonly value: T;
  lineOf(path: readonly PropertyKey[]): number;
}

/** Reads a YAML file by its schema; null where it has problems, which are added. */
export function readYaml<S extends z.ZodType>(
  file: RegistryFile,
  schema: S,
  problems: Problems,
): Located<z.output<S>> | null {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines });
  for (const error of document.errors)
    problems.add(
      file.path,
      error.linePos?.[0].line ?? 0,
      `is not valid YAML: ${error.message.split(/ at line|\n/)[0]}`,
    );
  if (document.errors.length > 0) return null;
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      // Keys that look like numbers are numbers in the document but text in the value.
      const keys = path.slice(0, depth).map((key) => (/^\d+$/.test(String(key)) ? Number(key) : key));
      for (const candidate of [path.slice(0, depth), keys]) {
        const node = document.getIn(candidate, true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
    }
    return 1;
  };
  const parsed = schema.safeParse(document.toJS(), { reportInput: true });
  if (parsed.success) return { value: parsed.data, lineOf };
  for (const issue of parsed.error.issues) {
    const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of keys) problems.add(file.path, lineOf(path), sentenceOf(issue, path, schema));
  }
  return null;
}

/** Reads a CSV file whose first row names its columns; rows with problems are left out, the problems added. */
export function readCsv<S extends z.ZodObject>(
  file: RegistryFile,
  schema: S,
  problems: Problems,
): { readonly value: z.output<S>; readonly line: number }[] {
  let rows: { record: string[]; info: { lines: number } }[];
  try {
    rows = parse(file.text, {
      info: true,
      bom: true,
      trim: true,
      comment: "#",
      comment_no_infix: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }) as unknown as typeof rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    problems.add(file.path, Number(error.lines ?? 0), `is not valid CSV: ${error.message}`);
    return [];
  }
  const allowed = Object.keys(schema.shape);
  const [header, ...body] = rows;
  if (header === undefined) {
    problems.add(file.path, 1, `has no header; the columns are ${allowed.join(",")}`);
    return [];
  }
  const columns = header.record;
  const strange = columns.filter((name, i) => !allowed.includes(name) || columns.indexOf(name) !== i);
  for (const name of strange)
    problems.add(
      file.path,
      header.info.lines,
      `column ${JSON.stringify(name)} is unknown or given twice; allowed are ${allowed.join(", ")}`,
    );
  if (strange.length > 0) return [];
  const located: { value: z.output<S>; line: number }[] = [];
  for (const { record, info } of body) {
    if (record.length > columns.length) {
      problems.add(file.path, info.lines, `has ${record.length} cells, but the header names ${columns.length}`);
      continue;
    }
    const cells = Object.fromEntries(columns.map((name, i) => [name, record[i]]).filter(([, cell]) => cell));
    const parsed = schema.safeParse(cells, { reportInput: true });
    if (parsed.success) located.push({ value: parsed.data, line: info.lines });
    else
      for (const issue of parsed.error.issues)
        problems.add(file.path, info.lines, sentenceOf(issue, issue.path, schema));
  }
  return located;
}

function sentenceOf(issue: z.core.$ZodIssue, path: readonly PropertyKey[], schema: z.ZodType): string {
  const where = path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i ? "." : ""}${String(key)}`)).join("");
  if (issue.code === "unrecognized_keys")
    return `${where} is unknown; allowed are ${allowedKeys(schema, issue.path).join(", ")}`;
  if (issue.code === "invalid_key") return `${where} is not allowed; ${issue.issues[0]?.message}`;
  const found = issue.input === undefined ? "nothing" : JSON.stringify(issue.input)?.slice(0, 80);
  return `${where || "the file"}: found ${found}; ${issue.message}`;
}

/** The keys an object may have at a path of the schema. */
function allowedKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at = unwrap(schema);
  for (const key of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[String(key)]);
    else if (at instanceof z.ZodArray) at = unwrap(at.element as z.ZodType);
    else if (at instanceof z.ZodRecord) at = unwrap(at.valueType as z.ZodType);
  }
  if (at instanceof z.ZodObject) return Object.keys(at.shape);
  return at instanceof z.ZodRecord && at.keyType instanceof z.ZodEnum ? at.keyType.options.map(String) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrap(schema.unwrap() as z.ZodType);
  return schema;
}
