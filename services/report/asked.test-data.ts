import { type QueryConfig, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { facesOf } from "../query/interconnect.test-data.ts";
import { get, testService } from "../query/province.test-data.ts";
import { type Ask, faultOf } from "./ask.ts";
import { REGISTRY } from "./province.test-data.ts";

/** The API over a store, asked in this process; `paths` keeps what was asked. */
export function askStore(
  store: Store,
  settings: Partial<QueryConfig> = {},
): { ask: Ask; paths: string[]; stop(): Promise<void> } {
  const service = testService(store, {
    named: () => REGISTRY,
    facesOf,
    config: queryConfig.parse({ http: "127.0.0.1:0", ...settings }),
  });
  const paths: string[] = [];
  return {
    paths,
    ask: async (path) => {
      paths.push(path);
      const { status, body } = await get(service, path);
      if (status !== 200) throw faultOf(path, status, JSON.stringify(body));
      return body;
    },
    stop: () => service.stop(),
  };
}
