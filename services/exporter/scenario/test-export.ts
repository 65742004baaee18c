import { readFileSync } from "node:fs";
import { addressText } from "@v6meter/schemas";
import type { SentDatagram } from "../encode/pcap-file.ts";
import type { Province } from "./day.ts";
import { DEMO_SCENARIO, parseScenario } from "./load.ts";
import { createProvince } from "./province.ts";
import { createSession } from "./session.ts";
import { tallyTruth } from "./tally.ts";
import type { Truth } from "./truth.ts";

/** True time at which the tests' day begins. */
export const TEST_START_MS = Date.UTC(2026, 10, 24, 0, 0, 0, 250);

/** The demo's scenario with fewer records. */
export function smallProvince(records: number, seed = 7): Province {
  return createProvince(parseScenario(readFileSync(DEMO_SCENARIO, "utf8"), "demo.yaml"), seed, records);
}

/** Plays the whole day into memory, one datagram a millisecond, and tallies it. */
export function exportDay(province: Province): { datagrams: (SentDatagram & { router: number })[]; truth: Truth } {
  const sessions = province.routers.map((router) => createSession(router, TEST_START_MS));
  const datagrams: (SentDatagram & { router: number })[] = [];
  const { order } = province;
  for (let i = 0; i < order.routers.length; i++) {
    const router = order.routers[i] as number;
    const atMs = TEST_START_MS + i;
    sessions[router]?.export(order.datagrams[i] as number, atMs, (bytes) => {
      datagrams.push({
        router,
        source: province.routers[router]?.spec.address as string,
        sourcePort: 50_000 + router,
        destination: "127.0.0.1",
        destinationPort: 2055,
        atMs,
        payload: Buffer.from(bytes),
      });
      return true;
    });
  }
  return { datagrams, truth: tallyTruth(province, sessions) };
}

/** What a decoder makes of one flow record, in the words all decoders are compared in. */
export interface DecodedRecord {
  readonly src: string;
  readonly dst: string;
  readonly bytes: number;
  readonly packets: number;
}

/** Sums of records, comparable with a TruthRouter. */
export function sumsOf(records: readonly DecodedRecord[]): { records: number; bytes: bigint; packets: bigint } {
  return {
    records: records.length,
    bytes: records.reduce((sum, { bytes }) => sum + BigInt(bytes), 0n),
    packets: records.reduce((sum, { packets }) => sum + BigInt(packets), 0n),
  };
}

/** The text other decoders print an address in, brought to ours. */
export function plainAddress(text: string): string {
  if (!text.includes(":")) return text;
  const bytes = new Uint8Array(16);
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = tail === undefined ? front : [...front, ...Array(8 - front.length - back.length).fill(0), ...back];
  for (const [i, group] of all.entries()) {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  }
  return addressText(bytes);
}
