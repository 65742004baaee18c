import { createRequire } from "node:module";
import { join } from "node:path";
import { Reporting } from "./reporting.ts";
import type { Missing, Running, Setup, Tool } from "./tool.ts";

const NAME = "node-netflowv9";
const PROCESS = join(import.meta.dirname, "node-netflowv9-process.ts");

/** What its process reports. */
export interface LibraryReport {
  /** Flow records it was given. */
  readonly records: number;
}

async function start({ port }: Setup): Promise<Running> {
  const library = await Reporting.start<LibraryReport>(PROCESS, [String(port)]);
  const delivered = async () => (await library.report()).records;
  return {
    port,
    pid: library.pid,
    delivered,
    async stop() {
      const records = await delivered();
      await library.stop();
      return records;
    },
    kill: () => library.kill(),
  };
}

/** node-netflowv9 as its documentation has it: a collector that hands flows to a function. */
export function findNodeNetflowV9(): Tool | Missing {
  let version: string;
  try {
    ({ version } = createRequire(import.meta.url)(`${NAME}/package.json`) as { version: string });
  } catch {
    return { name: NAME, missing: "npm has not installed it" };
  }
  return {
    name: NAME,
    version,
    writes: { nothing: "an object of every record, handed to a function that counts them" },
    mixes: ["v5", "v9"],
    quietMs: () => 1_000,
    start,
  };
}
