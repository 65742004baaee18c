import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CapturedDatagram, readCapture } from "@v6meter/pcap";

const ROOT = join(import.meta.dirname, "../../..");

/** The repository's own captures, and those shared beside it. */
export const CAPTURE_FOLDERS = {
  own: join(ROOT, "infra/captures"),
  shared: join(ROOT, "../shared/captures"),
  restricted: join(ROOT, "../shared/captures/restricted"),
} as const;

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
