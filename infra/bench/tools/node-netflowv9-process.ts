import { createRequire } from "node:module";
import type { LibraryReport } from "./node-netflowv9.ts";

/** node-netflowv9 on a UDP port of 127.0.0.1, counting what it hands out. Started by node-netflowv9.ts. */
const port = Number(process.argv[2]);

interface Library {
  readonly server: { close(): void; on(event: "listening", listener: () => void): void };
}
type Options = { host: string; port: number; cb: (message: { flows?: readonly unknown[] }) => void };

const NetFlowV9 = createRequire(import.meta.url)("node-netflowv9") as new (options: Options) => Library;
let records = 0;
const tell = () => process.send?.({ records } satisfies LibraryReport);
const library = new NetFlowV9({
  host: "127.0.0.1",
  port,
  cb: ({ flows }) => {
    records += flows?.length ?? 0;
  },
});
library.server.on("listening", tell);
process.on("message", tell);
process.once("disconnect", () => library.server.close());
