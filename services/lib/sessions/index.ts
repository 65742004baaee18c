export type { Wanted } from "./look-up.ts";
export {
  HOLDING_KINDS,
  type HoldingKind,
  SessionTable,
  type SessionTableOptions,
  type SessionTotals,
} from "./session-table.ts";
