export type { EmbeddedStore, Engine } from "../embedded.ts";
export type { BegunStatement, EndedStatement, SqlAccess, SqlAccount } from "./access.ts";
export type { SqlUser } from "./accounts.ts";
export {
  createSqlPort,
  type SqlPort,
  type SqlPortFigures,
  type SqlPortLimits,
  type SqlPortOptions,
} from "./sql-port.ts";
