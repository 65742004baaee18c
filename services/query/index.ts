export type { LiveFigure, LiveFigures } from "./live.ts";
export { createQueryService, type QueryService, type QueryServiceOptions } from "./service.ts";
