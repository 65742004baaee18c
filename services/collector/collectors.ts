import type { Component, Logger } from "@v6meter/runtime";
import type { Config, HostPort } from "@v6meter/schemas";
import type { CollectorCounts } from "./collector.ts";
import type { CoordinatorCounts } from "./processes/coordinator.ts";
import { createCollectorProcesses } from "./processes/parent.ts";
import { createCollectorThread } from "./thread.ts";

export interface CollectorsOptions {
  readonly config: Config;
  /** Folder of the embedded bus they publish to. */
  readonly busPath: string;
  readonly logger: Logger;
  /** Called when they end without having been asked to. */
  readonly onExit: (error: Error) => void;
}

/** What the processes of several collectors do, for metrics. */
export interface CollectorProcesses extends CoordinatorCounts {
  readonly running: number;
  readonly pids: readonly number[];
  readonly restarts: number;
  /** Exporters that are had by one of them. */
  readonly claims: number;
}

export interface Collectors extends Component {
  /** Where they listen; known once they are started. */
  readonly addresses: readonly HostPort[];
  /** Sums of the latest counts they have told, at most a second old. */
  counts(): CollectorCounts | null;
  /** Null for a collector on a thread of this process. */
  processes(): CollectorProcesses | null;
}

/**
 * Collectors that share the addresses of `collector.udp` and the bus: one is a thread of this process, several
 * (`collector.processes`) are processes of their own.
 */
export function createCollectors(options: CollectorsOptions): Collectors {
  if (options.config.collector.processes > 1) return createCollectorProcesses(options);
  return createCollectorThread(options);
}
