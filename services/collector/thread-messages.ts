import { type Config, Fault, type FaultCode, type HostPort } from "@v6meter/schemas";
import type { CollectorCounts } from "./collector.ts";

/** What a collector's thread is given. */
export interface ThreadData {
  readonly config: Config;
  readonly busPath: string;
}

/** An error as it crosses a thread. */
export interface WireFault {
  readonly code: FaultCode;
  readonly message: string;
}

/** What a collector's thread tells. */
export type ThreadMessage =
  | { kind: "started"; addresses: HostPort[] }
  | { kind: "counts"; counts: CollectorCounts }
  | { kind: "stopped"; counts: CollectorCounts }
  | { kind: "failed"; fault: WireFault };

export function faultToWire(error: unknown): WireFault {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  return { code: "INTERNAL", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
