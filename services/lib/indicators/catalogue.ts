import type { Indicator, MonitoredObject, ReportedRow, ScoringRule, Target } from "@v6meter/schemas";

/** Why a file of the catalogue is not served. */
export interface Refusal {
  readonly file: string;
  /** 0 stands for the file as a whole. */
  readonly line: number;
  readonly reason: string;
}

/** One figure that a unit reported, with the month it is of. */
export interface ReportedFigure extends ReportedRow {
  /** Begin of the month in Asia/Shanghai. */
  readonly atMs: number;
}

/** Indicators, objects, targets and reported figures that are in force, and the files that are not. */
export interface Catalogue {
  readonly indicators: ReadonlyMap<string, Indicator>;
  readonly objects: ReadonlyMap<string, MonitoredObject>;
  readonly targets: ReadonlyMap<string, Target>;
  /** Versions of a rule by its id, the latest first. */
  readonly scoring: ReadonlyMap<string, readonly ScoringRule[]>;
  readonly reported: ReadonlyMap<string, readonly ReportedFigure[]>;
  readonly refused: readonly Refusal[];
}
