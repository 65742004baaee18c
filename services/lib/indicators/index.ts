export type { Catalogue, Refusal, ReportedFigure } from "./catalogue.ts";
export { monthBegin, monthNumber, periodBefore } from "./month.ts";
export type { ObjectAnswer, ObjectQuestion, ObjectTraffic } from "./object-traffic.ts";
export { type CatalogueOptions, type OpenCatalogue, openCatalogue } from "./open-catalogue.ts";
export { type Answer, type Figure, type FigureRow, MAX_ROWS, type Question, type UsersTold } from "./question.ts";
export { type Rollup, rollupOf } from "./rollup.ts";
export type { Score, ScoreItem, ScorePenalty } from "./score.ts";
export { CLASS_PARAMETERS } from "./statement.ts";
export { LOOK_BACK_MONTHS, type MonthFigure, type TargetProgress } from "./target-progress.ts";
