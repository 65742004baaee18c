import type { Socket } from "node:dgram";
import { Fault } from "@v6meter/schemas";

/** One record as node-netflowv9 gives it: a value by the library's own name of each element. */
export type LibraryRecord = Readonly<Record<string, unknown>>;

/** Where a datagram came from, as the library is told; address and port are the scope of its templates. */
export interface LibrarySource {
  readonly address: string;
  readonly port: number;
}

/** The part of node-netflowv9 0.2.16 that is used. */
export interface NetflowV9Library {
  /** Templates by `address:port`, then by template id. */
  readonly templates: Record<string, Record<string, unknown> | undefined>;
  nfPktDecode(message: Buffer, source: LibrarySource): { readonly flows: readonly LibraryRecord[] } | undefined;
}

const PACKAGE = "node-netflowv9";

/** What `import("node-netflowv9")` gives. */
export type LibraryModule = {
  readonly default: new (options: object) => NetflowV9Library & { readonly server: Socket };
};

/** Imports the package where it is installed. It is never a dependency: its licence is GPL-2.0. */
export async function importLibrary(): Promise<LibraryModule> {
  return (await import(PACKAGE)) as LibraryModule;
}

/**
 * Loads the library. Throws Fault CONFIG_INVALID when it is not installed.
 *
 * @param importModule for tests
 */
export async function loadLibrary(importModule: () => Promise<LibraryModule>): Promise<NetflowV9Library> {
  let module: LibraryModule;
  try {
    module = await importModule();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new Fault(
      "CONFIG_INVALID",
      "collector.decoder is node-netflowv9, which is not installed: npm install node-netflowv9, or set it to v6meter.",
      { cause },
    );
  }
  const library = new module.default({});
  // It opens a socket of its own, which is not wanted here.
  library.server.close();
  return library;
}
