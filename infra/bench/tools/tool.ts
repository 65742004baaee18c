import type { MixName } from "../mixes/mix.ts";

/** Where a tool brings what it was sent. */
export const WAYS = ["nothing", "disk", "kafka", "rows"] as const;
export type Way = (typeof WAYS)[number];

/** What a tool is started with. */
export interface Setup {
  readonly way: Way;
  readonly mix: MixName;
  /** An empty folder of its own. */
  readonly folder: string;
  /** A UDP port of 127.0.0.1 that nobody has. */
  readonly port: number;
  /** Brokers of Kafka, for the way to it. */
  readonly brokers: readonly string[];
  /** Name of the topic, or what the names of topics begin with, that are its own. */
  readonly topic: string;
}

/** A tool that runs and is ready for datagrams. */
export interface Running {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  readonly pid: number;
  /** Flow records that are where they go; null where it tells that only at its end. */
  delivered(): Promise<number | null>;
  /** Ends it: the flow records that it brought to where they go since its start. */
  stop(): Promise<number>;
  /** Ends it at once where it still runs. */
  kill(): Promise<void>;
}

/** A program that takes NetFlow and IPFIX. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** By way: what it writes there, and how its records are counted. */
  readonly writes: Readonly<Partial<Record<Way, string>>>;
  readonly mixes: readonly MixName[];
  /** It is idle for so long only when nothing is left to do: longer than any interval it flushes at. */
  quietMs(way: Way): number;
  start(setup: Setup): Promise<Running>;
}

/** A tool that is not on this machine, and why. */
export interface Missing {
  readonly name: string;
  readonly missing: string;
}
