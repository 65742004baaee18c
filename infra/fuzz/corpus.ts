import { readFileSync } from "node:fs";
import { capturesIn } from "@v6meter/captures";
import { type CapturedDatagram, readCapture } from "@v6meter/pcap";

/** The datagrams of every capture of the folders that exist, in order of file names. */
export function readCorpus(folders: readonly string[]): CapturedDatagram[] {
  return capturesIn(...folders).flatMap((path) => readCapture(readFileSync(path)).datagrams);
}
