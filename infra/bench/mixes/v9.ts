import { v9MixWorkload } from "../mix.ts";
import type { Datagram, Mix } from "./mix.ts";

const EXPORTERS = 16;

/** NetFlow v9 over IPv6: the workload of `bench:collector`, dealt out to 16 exporters. */
export function v9Mix(seed: number): Mix {
  const { templates, datagrams, recordsPerDatagram, records, sequenceStep } = v9MixWorkload(seed);
  const datagram = (bytes: Uint8Array, exporter: number, count: number): Datagram => ({
    exporter,
    bytes: Buffer.from(bytes),
    records: count,
    sequenceStep,
  });
  return {
    name: "v9",
    says: `NetFlow v9, IPv6, ${recordsPerDatagram} records a datagram, one template of 16 fields, ${EXPORTERS} exporters`,
    version: 9,
    exporters: EXPORTERS,
    templates: Array.from({ length: EXPORTERS }, (_, exporter) =>
      templates.map((bytes) => datagram(bytes, exporter, 0)),
    ).flat(),
    datagrams: datagrams.map((bytes, i) => datagram(bytes, i % EXPORTERS, recordsPerDatagram)),
    records,
  };
}
