import {
  type Indicator,
  type IndicatorEntry,
  type IndicatorGrouping,
  indicator,
  type MonitoredObject,
  type ScoringRule,
  type Target,
} from "@v6meter/schemas";
import type { Catalogue, Refusal, ReportedFigure } from "./catalogue.ts";
import type { ParsedFile, Said } from "./parse-file.ts";

/** An entry and the file that says it. */
interface Placed<T> extends Said<T> {
  readonly file: ParsedFile;
}

/** What files say together, and what does not fit together. */
export interface Combined extends Omit<Catalogue, "refused"> {
  readonly problems: readonly Refusal[];
  /** Where an indicator stands, for what is found later. */
  placeOf(id: string): { file: string; builtIn: boolean; lineOf(...path: PropertyKey[]): number };
}

/** Puts files together: an entry of the folder replaces the built-in one of its id, `extends` is resolved. */
export function combine(files: readonly ParsedFile[]): Combined {
  const problems: Refusal[] = [];
  const complain = ({ file }: { file: ParsedFile }, line: number, reason: string) =>
    problems.push({ file: file.path, line, reason });

  const entries = byId(files, "indicators", complain);
  const indicators = new Map<string, Indicator>();
  for (const [id, placed] of entries) {
    const resolved = resolve(placed, entries, complain);
    if (resolved) indicators.set(id, resolved);
  }

  const targets = byId(files, "targets", complain);
  for (const placed of targets.values()) checkTarget(placed, indicators, complain);

  const rules = byKey(files, "scoring", ({ id, version }) => `${id} version ${version}`, complain);
  for (const placed of rules.values()) checkRule(placed, indicators, complain);

  return {
    indicators,
    scoring: Map.groupBy(
      Array.from(rules.values(), ({ value }) => value).sort((a, b) => b.version - a.version),
      ({ id }) => id,
    ),
    objects: values<MonitoredObject>(byId(files, "objects", complain)),
    targets: values<Target>(targets),
    reported: combineReported(files, indicators, complain),
    problems,
    placeOf(id) {
      const placed = entries.get(id);
      if (!placed) throw new RangeError(`${id} is no indicator`);
      return {
        file: placed.file.path,
        builtIn: placed.file.builtIn,
        // What an entry inherits stands elsewhere: then the entry itself is named.
        lineOf: (...path) => placed.lineOf(...(Object.hasOwn(placed.value, path[0] as string) ? path : [])),
      };
    },
  };
}

type Complain = (placed: { file: ParsedFile }, line: number, reason: string) => void;

type List = "indicators" | "objects" | "targets" | "scoring";

function byId<K extends Exclude<List, "scoring">>(files: readonly ParsedFile[], list: K, complain: Complain) {
  return byKey(files, list, ({ id }) => id, complain);
}

function byKey<K extends List>(
  files: readonly ParsedFile[],
  list: K,
  keyOf: (value: ParsedFile[K][number]["value"]) => string,
  complain: Complain,
): Map<string, Placed<ParsedFile[K][number]["value"]>> {
  type Value = ParsedFile[K][number]["value"];
  const found = new Map<string, Placed<Value>>();
  for (const file of files) {
    for (const said of file[list] as readonly Said<Value>[]) {
      const id = keyOf(said.value);
      const other = found.get(id);
      if (other && other.file.builtIn === file.builtIn)
        complain(
          { file },
          said.lineOf("id"),
          `${id} is given twice; it stands already in ${other.file.path}:${other.lineOf("id")}`,
        );
      else found.set(id, { ...said, file });
    }
  }
  return found;
}

function values<T>(placed: ReadonlyMap<string, Placed<T>>): Map<string, T> {
  return new Map(Array.from(placed, ([id, { value }]) => [id, value]));
}

/** Sources of rows: an entry that says one inherits neither another nor what was said of its columns. */
const SOURCES = ["grain", "sql", "series"] as const;
const COLUMNS = ["numerator", "denominator", "value", "covered", "coverable"] as const;

function inherited(base: IndicatorEntry, entry: IndicatorEntry): IndicatorEntry {
  const members = { ...base };
  if (SOURCES.some((source) => entry[source] !== undefined))
    for (const member of [...SOURCES, ...COLUMNS, "where"] as const) delete members[member];
  const { extends: _, ...own } = entry;
  return { ...members, ...own, where: { ...members.where, ...entry.where } };
}

function resolve(
  placed: Placed<IndicatorEntry>,
  entries: ReadonlyMap<string, Placed<IndicatorEntry>>,
  complain: Complain,
): Indicator | null {
  const chain: IndicatorEntry[] = [placed.value];
  for (let name = placed.value.extends; name !== undefined; name = chain.at(-1)?.extends) {
    const base = entries.get(name);
    if (!base || chain.some(({ id }) => id === name)) {
      const reason = base ? `extends ${name}, which extends it` : `extends ${name}, which is not an indicator`;
      complain(placed, placed.lineOf("extends"), `${placed.value.id} ${reason}`);
      return null;
    }
    chain.push(base.value);
  }
  const whole = chain.toReversed().reduce(inherited);
  const { extends: _, ...members } = whole;
  const parsed = indicator.safeParse(members);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) {
    const own = path[0] !== undefined && Object.hasOwn(placed.value, path[0]) ? path : [];
    complain(placed, placed.lineOf(...own), `${placed.value.id}: ${path.join(".")}: ${message}`);
  }
  return null;
}

function checkTarget(placed: Placed<Target>, indicators: ReadonlyMap<string, Indicator>, complain: Complain): void {
  const { id, indicator: name, where } = placed.value;
  const aim = indicators.get(name);
  if (!aim) {
    complain(placed, placed.lineOf("indicator"), `${id}: indicator ${name} is not in the catalogue`);
    return;
  }
  for (const grouping of Object.keys(where))
    if (!aim.by.includes(grouping as IndicatorGrouping))
      complain(
        placed,
        placed.lineOf("where", grouping),
        `${id}: ${name} has no grouping ${grouping}; allowed are ${aim.by.join(", ") || "none"}`,
      );
}

function checkRule(placed: Placed<ScoringRule>, indicators: ReadonlyMap<string, Indicator>, complain: Complain): void {
  const { id, subject, items, penalties } = placed.value;
  for (const [list, parts] of Object.entries({ items, penalties })) {
    for (const [i, { indicator: name, where }] of parts.entries()) {
      const refuse = (member: string, reason: string) =>
        complain(placed, placed.lineOf(list, i, member), `${id}: ${list}[${i}]: ${reason}`);
      const it = indicators.get(name);
      if (!it) refuse("indicator", `indicator ${name} is not in the catalogue`);
      else
        for (const grouping of [subject, ...Object.keys(where)])
          if (!it.by.includes(grouping as IndicatorGrouping))
            refuse("indicator", `${name} has no grouping ${grouping}; allowed are ${it.by.join(", ") || "none"}`);
    }
  }
}

function combineReported(
  files: readonly ParsedFile[],
  indicators: ReadonlyMap<string, Indicator>,
  complain: Complain,
): Map<string, ReportedFigure[]> {
  const readers = new Map<string, Indicator>();
  for (const it of indicators.values()) if (it.series) readers.set(it.series, it);
  const figures = new Map<string, ReportedFigure[]>();
  const seen = new Map<string, { file: ParsedFile; line: number }>();
  // The folder's files come first and stand for what is built in for the same month and unit.
  for (const file of files.toSorted((a, b) => Number(a.builtIn) - Number(b.builtIn))) {
    for (const { value, lineOf } of file.reported) {
      const reader = readers.get(value.series);
      const ratio = value.value === undefined;
      if (!reader) complain({ file }, lineOf(), `series ${value.series} is of no indicator`);
      else if ((reader.kind === "ratio") !== ratio)
        complain(
          { file },
          lineOf(),
          `${value.series} is ${ratio ? "no ratio: only value" : "a ratio: only numerator and denominator"} is allowed`,
        );
      const { value: _, numerator: __, denominator: ___, source: ____, atMs: _____, ...key } = value;
      const name = JSON.stringify(Object.entries(key).sort());
      const other = seen.get(name);
      if (other === undefined) {
        seen.set(name, { file, line: lineOf() });
        figures.getOrInsert(value.series, []).push(value);
      } else if (other.file.builtIn === file.builtIn)
        complain({ file }, lineOf(), `the same figure stands already in ${other.file.path}:${other.line}`);
    }
  }
  return figures;
}
