export {
  HOLDING_KINDS,
  type HoldingKind,
  SessionTable,
  type SessionTableOptions,
  type SessionTotals,
  type Wanted,
} from "./session-table.ts";
