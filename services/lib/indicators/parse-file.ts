import { Problems, type RegistryFile, readCsv, readYaml } from "@v6meter/classify";
import {
  catalogueFile,
  type IndicatorEntry,
  type MonitoredObject,
  reportedRow,
  type ScoringRule,
  type Target,
} from "@v6meter/schemas";
import type { Refusal, ReportedFigure } from "./catalogue.ts";
import { monthBeginOf } from "./month.ts";

/** Something a file says, and the line of each part of it. */
export interface Said<T> {
  readonly value: T;
  lineOf(...path: PropertyKey[]): number;
}

/** What one file says, and what is wrong with it by itself. */
export interface ParsedFile {
  readonly path: string;
  readonly builtIn: boolean;
  readonly indicators: readonly Said<IndicatorEntry>[];
  readonly objects: readonly Said<MonitoredObject>[];
  readonly targets: readonly Said<Target>[];
  readonly scoring: readonly Said<ScoringRule>[];
  readonly reported: readonly Said<ReportedFigure>[];
  readonly problems: readonly Refusal[];
}

/** Reads a YAML file of lists or a CSV file of reported figures; never throws for what the file says. */
export function parseFile(file: RegistryFile): ParsedFile {
  const problems = new Problems();
  const said = /\.csv$/i.test(file.name) ? parseReported(file, problems) : parseLists(file, problems);
  return {
    path: file.path,
    builtIn: file.builtIn,
    indicators: [],
    objects: [],
    targets: [],
    scoring: [],
    reported: [],
    ...said,
    problems: problems.found.map(({ path, line, sentence }) => ({ file: path, line, reason: sentence })),
  };
}

type Lists = Partial<Pick<ParsedFile, "indicators" | "objects" | "targets" | "scoring" | "reported">>;

function parseLists(file: RegistryFile, problems: Problems): Lists {
  const read = readYaml(file, catalogueFile, problems);
  if (read === null) return {};
  const each = <T>(list: string, values: readonly T[] = []): Said<T>[] =>
    values.map((value, i) => ({ value, lineOf: (...path) => read.lineOf([list, i, ...path]) }));
  const { indicators, objects, targets, scoring } = read.value;
  return {
    indicators: each("indicators", indicators),
    objects: each("objects", objects),
    targets: each("targets", targets),
    scoring: each("scoring", scoring),
  };
}

function parseReported(file: RegistryFile, problems: Problems): Lists {
  return {
    reported: readCsv(file, reportedRow, problems).map(({ value, line }) => ({
      value: { ...value, atMs: monthBeginOf(value.month) },
      lineOf: () => line,
    })),
  };
}
