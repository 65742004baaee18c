import { Fault } from "@v6meter/schemas";
import { ipfixMix } from "./ipfix.ts";
import { v5Mix } from "./v5.ts";
import { v9Mix } from "./v9.ts";

/** One datagram of a mix; its sequence number and export time are written when it is sent. */
export interface Datagram {
  /** Which of the mix's exporters sends it. */
  readonly exporter: number;
  readonly bytes: Buffer;
  /** Flow records in it; options records are none. */
  readonly records: number;
  /** By how much it moves its exporter's sequence number. */
  readonly sequenceStep: number;
}

/** Datagrams of exporters that can be sent over and over. */
export interface Mix {
  readonly name: MixName;
  /** What is in it, for whoever reads the figures. */
  readonly says: string;
  readonly version: 5 | 9 | 10;
  readonly exporters: number;
  /** Sent once, before the others: templates, and options where the exporter has them. */
  readonly templates: readonly Datagram[];
  readonly datagrams: readonly Datagram[];
  /** Flow records of all datagrams. */
  readonly records: number;
}

export const MIX_NAMES = ["v5", "v9", "ipfix"] as const;
export type MixName = (typeof MIX_NAMES)[number];

const MIXES = { v5: v5Mix, v9: v9Mix, ipfix: ipfixMix } as const satisfies Record<MixName, MixMaker>;

/** Makes a mix: the same seed and moment make the same bytes. Absolute times in records are before `epochMs`. */
export type MixMaker = (seed: number, epochMs: number) => Mix;

/** The mix of a name; see `MixMaker`. */
export function makeMix(name: MixName, seed: number, epochMs: number): Mix {
  return MIXES[name](seed, epochMs);
}

/** A name of a mix. Throws CONFIG_INVALID for any other text. */
export function mixName(text: string): MixName {
  const found = MIX_NAMES.find((name) => name === text);
  if (!found) throw new Fault("CONFIG_INVALID", `No mix is named ${text}; there are ${MIX_NAMES.join(", ")}.`);
  return found;
}

/** Octets in front of the export time and the sequence number of a header (RFC 3954 §5.1, RFC 7011 §3.1). */
const HEADER = { 5: { time: 8, sequence: 16 }, 9: { time: 8, sequence: 12 }, 10: { time: 4, sequence: 8 } } as const;

/** Writes export times and sequence numbers; each exporter's numbers go on from datagram to datagram. */
export class Stamps {
  readonly #sequences: Uint32Array;
  readonly #at: (typeof HEADER)[Mix["version"]];

  constructor({ exporters, version }: Pick<Mix, "exporters" | "version">) {
    this.#sequences = new Uint32Array(exporters);
    this.#at = HEADER[version];
  }

  stamp({ exporter, bytes, sequenceStep }: Datagram, nowMs: number): void {
    const sequence = this.#sequences[exporter] as number;
    bytes.writeUInt32BE(Math.floor(nowMs / 1_000), this.#at.time);
    bytes.writeUInt32BE(sequence, this.#at.sequence);
    this.#sequences[exporter] = sequence + sequenceStep;
  }
}
