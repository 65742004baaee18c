import { sqlFile } from "@v6meter/sql";
import type { z } from "zod";
import type { Query } from "./port.ts";

/** What a query is made of. */
export interface QueryDefinition<P extends z.ZodType, R extends z.ZodType> {
  /** Of its file, `queries/NAME.sql` in the sql workspace. */
  readonly name: string;
  readonly params: P;
  readonly row: R;
  /** The statement itself, for one that has no file. */
  readonly sql?: string;
}

/** Makes a query of a .sql file, whose `{name:Type}` placeholders are bound to the parameters of the same names. */
export function defineQuery<P extends z.ZodType, R extends z.ZodType>(definition: QueryDefinition<P, R>): Query<P, R> {
  const { name, params, row, sql = sqlFile(`queries/${name}.sql`) } = definition;
  return { name, sql, params, row };
}
