import { type Audit, identitiesOf } from "@v6meter/identity";
import { createQueryService } from "@v6meter/query";
import { queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";

/** Asks the API for what is at a path. */
export type Ask = <T>(path: string) => Promise<T>;

const KEY = "asked-within-its-own-process";
/** Nobody but this process asks. */
const NO_AUDIT: Audit = { append: async () => {} };

/** The query API over a store, asked as its administrator without a socket. */
export function askApi(store: Store): Ask {
  const { app } = createQueryService({
    store,
    config: queryConfig.parse({}),
    identities: identitiesOf({ adminKey: KEY }),
    audit: NO_AUDIT,
  });
  return async <T>(path: string) => {
    const answer = await app.inject({ url: path, headers: { authorization: `Bearer ${KEY}` } });
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${answer.body}`);
    return answer.json<T>();
  };
}
