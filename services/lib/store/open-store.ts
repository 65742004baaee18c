import type { StoreConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "./embedded.ts";
import type { Store } from "./port.ts";
import { openServerStore } from "./server/server-store.ts";

/** Opens the store the settings ask for: a server where store.url is set, else the embedded engine in the folder. */
export function openStore(options: { readonly config: StoreConfig; readonly path: string }): Promise<Store> {
  return options.config.url === null ? openEmbeddedStore(options) : openServerStore(options);
}
