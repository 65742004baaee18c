import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Unpacked } from "@v6meter/debian";
import { RECEIVE_BUFFER_BYTES, Spawned } from "./spawned.ts";
import type { Running, Setup, Tool } from "./tool.ts";

const PATH = "usr/bin/nfcapd";
/** A file is never full within a measurement. */
const ROTATE_S = 3_600;

/** Flow records in its files, from what it prints when it closes each. */
export function recordsOfNfcapd(output: string): number {
  return [...output.matchAll(/^Ident: .*\bFlows: (\d+)/gm)].reduce((sum, [, flows]) => sum + Number(flows), 0);
}

async function start(debian: Unpacked, { folder, port }: Setup): Promise<Running> {
  const files = join(folder, "flows");
  mkdirSync(files);
  const args = ["-b", "127.0.0.1", "-p", port, "-B", RECEIVE_BUFFER_BYTES, "-w", files, "-t", ROTATE_S].map(String);
  const spawned = await Spawned.start(debian.file(PATH), args, { cwd: folder, env: debian.env, port });
  return {
    port,
    pid: spawned.pid,
    delivered: async () => null,
    async stop() {
      await spawned.end("SIGTERM");
      return recordsOfNfcapd(spawned.output);
    },
    kill: () => spawned.end("SIGKILL"),
  };
}

/** nfcapd of Debian's nfdump. */
export function nfcapd(debian: Unpacked): Tool {
  const printed = execFileSync(debian.file(PATH), ["-V"], { env: debian.env }).toString();
  return {
    name: "nfcapd",
    version: /Version: (\S+)/.exec(printed)?.[1] ?? "unknown",
    writes: {
      disk: "its own records of all fields it knows to a file, uncompressed; counted by what it prints at its end",
    },
    mixes: ["v5", "v9", "ipfix"],
    quietMs: () => 400,
    start: (setup) => start(debian, setup),
  };
}
