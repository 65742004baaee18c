import type { Logger } from "@v6meter/runtime";
import type { Config } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";

/** Placeholder until the interface lands. */
export async function startSqlPort(_p: AsyncDisposableStack, _c: Config, _s: Store, _l: Logger): Promise<string[]> {
  return [];
}
