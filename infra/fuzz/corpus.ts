import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CapturedDatagram, readCapture } from "@v6meter/pcap";

/** The datagrams of every capture of the folders that exist, in order of file names. */
export function readCorpus(folders: readonly string[]): CapturedDatagram[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".pcap"))
        .sort()
        .flatMap((name) => readCapture(readFileSync(join(folder, name))).datagrams),
    );
}
