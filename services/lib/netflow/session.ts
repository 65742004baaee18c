import type { SAMPLING_SOURCES } from "@v6meter/schemas";
import type { ObservationDomain } from "./domain.ts";
import type { ExportVersion } from "./header.ts";
import { RecentDatagrams } from "./recent-datagrams.ts";
import type { RecordPlan } from "./record-plan.ts";
import { SequenceFollower, type SequencePosition } from "./sequence.ts";
import type { RecordLayout } from "./template.ts";

/** A template in force. */
export interface Template {
  readonly id: number;
  readonly layout: RecordLayout;
  readonly sourcePort: number;
  /** When it was last sent, by the collector's clock. */
  refreshedAtMs: number;
  /** Made when the first data of the template comes; null for options templates. */
  plan: RecordPlan | null;
}

export type SamplingSource = (typeof SAMPLING_SOURCES)[number];

/** The clock offset is the best of this window and the one before. */
const CLOCK_WINDOW_MS = 60_000;

/** One export stream: version, source port and observation domain of an exporter. */
export class Session {
  readonly version: ExportVersion;
  readonly sourcePort: number;
  readonly domain: ObservationDomain;
  readonly templates = new Map<number, Template>();
  readonly sequence: SequenceFollower;
  readonly recent = new RecentDatagrams();
  firstSeenAtMs: number;
  lastSeenAtMs: number;
  samplingSource: SamplingSource = "unknown";
  /** Rate of the newest v5 header; 0 when not known. */
  headerRate = 0;
  /** Rate of the newest record that told its own; 0 when none did. */
  recordRate = 0;
  /** Heard of since the status was last taken. */
  heard = true;
  #bestOffsetMs = Number.NEGATIVE_INFINITY;
  #bestOffsetBeforeMs = Number.NEGATIVE_INFINITY;
  #windowBeganAtMs: number;

  /** @param position where an earlier run of the collector stood */
  constructor(
    version: ExportVersion,
    sourcePort: number,
    domain: ObservationDomain,
    nowMs: number,
    position: SequencePosition | null = null,
  ) {
    this.sequence = new SequenceFollower(position);
    this.version = version;
    this.sourcePort = sourcePort;
    this.domain = domain;
    this.firstSeenAtMs = nowMs;
    this.lastSeenAtMs = nowMs;
    this.#windowBeganAtMs = nowMs;
  }

  /** Export time minus time of arrival. Way and queue make it only smaller: the largest of a while is nearest. */
  get clockOffsetMs(): number {
    const best = Math.max(this.#bestOffsetMs, this.#bestOffsetBeforeMs);
    return Number.isFinite(best) ? best : 0;
  }

  /** Notes when a datagram was exported and received. */
  noteTimes(exportMs: number, receivedAtMs: number): void {
    this.lastSeenAtMs = Math.max(this.lastSeenAtMs, receivedAtMs);
    this.heard = true;
    if (receivedAtMs - this.#windowBeganAtMs > CLOCK_WINDOW_MS) {
      this.#bestOffsetBeforeMs = this.#bestOffsetMs;
      this.#bestOffsetMs = Number.NEGATIVE_INFINITY;
      this.#windowBeganAtMs = receivedAtMs;
    }
    this.#bestOffsetMs = Math.max(this.#bestOffsetMs, exportMs - receivedAtMs);
  }
}
