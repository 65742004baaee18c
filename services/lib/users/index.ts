export {
  type ActiveUsers,
  type ActiveUsersQuestion,
  type ActiveUsersRow,
  activeUsers,
  type PublishedFigure,
} from "./active.ts";
export { coverageOf, type LadderMethod, type UsersFigure, wholeUsers } from "./ladder.ts";
export { partOf } from "./panel.ts";
export { type Period, type UsersPeriod, usersPeriod } from "./period.ts";
export {
  accessesOf,
  type Group,
  levelParameters,
  placeOf,
  type Question,
  suppressedGroups,
} from "./publication.ts";
export { counted, type Interval, inBoth, without } from "./state-error.ts";
export * from "./statements.ts";
export { isSmall, keyText, suppressedCells } from "./suppression.ts";
