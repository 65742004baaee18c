import type { Config, DropReason, HostPort } from "@v6meter/schemas";
import type { CollectorCounts } from "../collector.ts";
import type { WireFault } from "../thread-messages.ts";

/** A datagram on its way from the process that received it to the one that has its exporter. */
export interface Datagram {
  /** The exporter's address, as text. */
  readonly exporter: string;
  readonly port: number;
  readonly receivedAtMs: number;
  readonly payload: Uint8Array;
}

/** What a datagram takes beside its payload, about. */
const OVERHEAD_BYTES = 256;

export function datagramBytes({ payload }: Datagram): number {
  return payload.byteLength + OVERHEAD_BYTES;
}

/** Datagrams of an exporter that could not be handed on. */
export interface Refusal {
  readonly exporter: string;
  readonly reason: Extract<DropReason, "queue_full" | "too_many_exporters">;
  readonly datagrams: number;
}

/** What a collecting process is told. */
export type Told =
  | { kind: "start"; config: Config; busPath: string; name: string; udp: readonly string[]; first: boolean }
  /** These exporters are its own. */
  | { kind: "granted"; exporters: readonly string[] }
  /** Another process has these: their datagrams are handed on. */
  | { kind: "foreign"; exporters: readonly string[] }
  /** There are as many exporters as may be. */
  | { kind: "too_many"; exporters: readonly string[] }
  /** Datagrams the process `from` received; it says when it took them. */
  | { kind: "strays"; batch: number; from: number; datagrams: readonly Datagram[] }
  /** What it handed on and nobody took: it books them. */
  | { kind: "refused"; refusals: readonly Refusal[] }
  /** Read what has arrived and close the sockets; strays may still come. */
  | { kind: "close" }
  /** Publish everything and end. */
  | { kind: "finish" };

/** What a collecting process tells. */
export type Tells =
  | { kind: "started"; addresses: HostPort[] }
  /** Exporters of which there was state at its start. */
  | { kind: "known"; exporters: string[] }
  | { kind: "claim"; exporters: readonly string[] }
  /** It has forgotten them, and the bus has that. */
  | { kind: "gave_up"; exporters: readonly string[] }
  /** It has left their state on the bus for the process they are to go to. */
  | { kind: "moved"; moves: readonly (readonly [exporter: string, to: number])[] }
  | { kind: "strays"; datagrams: readonly Datagram[] }
  | { kind: "took"; batch: number }
  | { kind: "counts"; counts: CollectorCounts }
  | { kind: "closed" }
  | { kind: "stopped"; counts: CollectorCounts }
  | { kind: "failed"; fault: WireFault };
