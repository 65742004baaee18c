import { createRequire } from "node:module";
import { createDecoder } from "@v6meter/netflow";
import { addressBytes, createFlowBatch, Fault, resetFlowBatch } from "@v6meter/schemas";
import { renumber, type Workload } from "./workload.ts";

/** Reads all datagrams of a workload once. */
export type Pass = () => void;

const BATCH_ROWS = 65_536;

/** The decoder of this repository, filling batches and emptying them as the collector does. */
export function columnarPass(workload: Workload): Pass {
  const decoder = createDecoder();
  const exporter = addressBytes("192.0.2.1") as Uint8Array;
  const sink = {
    batch: createFlowBatch(BATCH_ROWS),
    full() {
      resetFlowBatch(sink.batch);
      return sink.batch;
    },
  };
  let nowMs = 1_750_000_000_000;
  let sequence = 1;
  for (const datagram of workload.templates) decoder.decode(datagram, exporter, 2055, nowMs, sink);
  return () => {
    const before = decoder.totals.flowRecords;
    sequence = renumber(workload, sequence);
    nowMs++;
    for (const datagram of workload.datagrams) decoder.decode(datagram, exporter, 2055, nowMs, sink);
    const records = decoder.totals.flowRecords - before;
    if (records !== workload.records)
      throw new Fault("INTERNAL", `${workload.name}: ${records} records were decoded, ${workload.records} were sent.`);
  };
}

interface Library {
  readonly server: { close(): void };
  nfPktDecode(message: Buffer, source: { address: string; port: number }): { flows: readonly unknown[] } | undefined;
}

/** node-netflowv9 on the same datagrams; null where it does not read the version or is not installed. */
export function libraryPass(workload: Workload): Pass | null {
  if (!workload.inLibrary) return null;
  let NetFlowV9: new (options: object) => Library;
  try {
    NetFlowV9 = createRequire(import.meta.url)("node-netflowv9");
  } catch {
    return null;
  }
  const library = new NetFlowV9({});
  library.server.close();
  const source = { address: "192.0.2.1", port: 2055 };
  const view = (datagram: Uint8Array) => Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  for (const datagram of workload.templates) library.nfPktDecode(view(datagram), source);
  return () => {
    let records = 0;
    for (const datagram of workload.datagrams)
      records += library.nfPktDecode(view(datagram), source)?.flows.length ?? 0;
    if (records !== workload.records)
      throw new Fault("INTERNAL", `${workload.name}: node-netflowv9 gave ${records} of ${workload.records} records.`);
  };
}
