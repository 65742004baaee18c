import { type Classifier, createClassifier, loadRegistry, type Registry } from "@v6meter/classify";
import { createDecoder } from "@v6meter/netflow";
import { addressBytes, createFlowBatch, Fault, type FlowBatch, config as settings } from "@v6meter/schemas";
import type { SessionTable } from "@v6meter/sessions";
import { v9MixWorkload } from "../mix.ts";
import { renumber } from "../workload.ts";

/** Rows of a batch, as the collector makes them. */
export const BATCH_ROWS = 65_536;
/** When all flows of the parts arrive: 12:00 in Asia/Shanghai. */
export const NOON_MS = Date.parse("2026-11-24T12:00:00+08:00");

/** Exporter number so many: an address of 10.0.0.0/8. */
export function exporterBytes(number: number): Uint8Array {
  return addressBytes(`10.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`) as Uint8Array;
}

/** Rows of seeded flows, decoded from datagrams; each datagram is the next exporter's of so many. */
export function flowRows(seed: number, batches: number, exporters: number, receivedAtMs = NOON_MS): FlowBatch[] {
  const filled = [createFlowBatch(BATCH_ROWS)];
  const decoder = createDecoder({ maxExporters: exporters });
  const sink = {
    batch: filled[0] as FlowBatch,
    full() {
      sink.batch = createFlowBatch(BATCH_ROWS);
      filled.push(sink.batch);
      return sink.batch;
    },
  };
  let sent = 0;
  for (let pass = 0; filled.length <= batches; pass++) {
    const workload = v9MixWorkload(seed + pass);
    for (let number = 0; number < exporters && pass === 0; number++)
      for (const template of workload.templates)
        decoder.decode(template, exporterBytes(number), 2_055, receivedAtMs, sink);
    renumber(workload, sent);
    for (const datagram of workload.datagrams) {
      if (filled.length > batches) break;
      decoder.decode(datagram, exporterBytes(sent++ % exporters), 2_055, receivedAtMs, sink);
    }
  }
  return filled.slice(0, batches);
}

/** Gives every row other ports, so that no flow is a repeat of an earlier round. */
export function renewFlows(batches: readonly FlowBatch[]): void {
  for (const { columns, rows } of batches)
    for (let row = 0; row < rows; row++) columns.src_port[row] = ((columns.src_port[row] as number) + 1) & 0xffff;
}

export interface ClassifierParts {
  readonly registry?: Registry;
  readonly sessions?: SessionTable;
}

/** A classifier with the settings it has by default. */
export function classifierOf({ registry = loadRegistry(null), sessions }: ClassifierParts = {}): Classifier {
  const { classifier } = settings.parse({});
  return createClassifier({
    registry,
    subscriberKey: new Uint8Array(16).fill(7),
    repeatWindowMs: classifier.repeat_window_ms,
    repeatSlots: classifier.repeat_slots,
    ...(sessions ? { sessions } : {}),
  });
}

/** A pass that classifies all batches and gives the number of their rows. */
export function classifyPass(classifier: Classifier, batches: readonly FlowBatch[]): () => number {
  const all = batches.reduce((sum, { rows }) => sum + rows, 0);
  return () => {
    const before = classifier.totals.rows;
    renewFlows(batches);
    for (const batch of batches) classifier.classify(batch);
    expectCount("rows classified", classifier.totals.rows - before, all);
    return all;
  };
}

/** Throws where a count is not what it must be. */
export function expectCount(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Fault("INTERNAL", `bench:scale: ${found} ${what}, ${wanted} were wanted.`);
}
