import { loadRegistry, type Registry } from "@v6meter/classify";
import { createDecoder } from "@v6meter/netflow";
import { createFlowBatch, OBSERVATION_POINTS, type ObservationPoint, resetFlowBatch } from "@v6meter/schemas";
import { v9MixWorkload } from "../mix.ts";
import { cpuNsPerUnit, cpuSeconds, liveBytes } from "./cpu.ts";
import { BATCH_ROWS, classifierOf, classifyPass, expectCount, exporterBytes, flowRows, NOON_MS } from "./flows.ts";
import type { Part } from "./part.ts";

const INTERFACES = 30;
const CLASSIFIED_BATCHES = 4;

/** The registry with so many exporters of 30 interfaces each. */
function registryOf(exporters: number): Registry {
  const registry = loadRegistry(null);
  const points = Object.keys(OBSERVATION_POINTS) as ObservationPoint[];
  const region = registry.regions[0]?.code;
  return {
    ...registry,
    exporters: Array.from({ length: exporters }, (_, number) => {
      const bytes = exporterBytes(number).slice(12);
      return {
        prefix: { ipVersion: 4 as const, bytes, length: 32, text: `${bytes.join(".")}/32` },
        name: `router-${number}`,
        region,
        operator: undefined,
        access: undefined,
        observationPoint: points[number % points.length],
        samplingRate: 1_000,
        interfaces: new Map(
          Array.from({ length: INTERFACES }, (_unused, face) => [face, { counted: true, side: "subscriber" as const }]),
        ),
      };
    }),
  };
}

/** Exporters that send in turns: what a datagram, a row and the books of an exporter cost. */
export const exporters: Part = {
  name: "exporters",
  grows: "exporters",
  sizes: [10, 100, 1_000, 10_000],
  quickSizes: [10, 1_000],
  baseline: 10,
  series: {
    decode: {
      title: "decode, exporters in turns, 19 records a datagram",
      unit: "CPU-ns/record",
      cause: "the state of an exporter is out of the cache when its next datagram comes",
    },
    classify: {
      title: "classify, all exporters and 30 interfaces of each registered",
      unit: "CPU-ns/row",
      cause: "the tables of exporters and interfaces outgrow the cache",
    },
    books: { title: "books, status and state taken, and expiry", unit: "CPU-us/exporter" },
    memory: { title: "memory of the decoder", unit: "bytes/exporter" },
  },
  async prepare(size, { seed, roundMs }) {
    const workload = v9MixWorkload(seed);
    const addresses = Array.from({ length: size }, (_, number) => exporterBytes(number));
    const sink = {
      batch: createFlowBatch(BATCH_ROWS),
      full() {
        resetFlowBatch(sink.batch);
        return sink.batch;
      },
    };
    const decoder = createDecoder({ maxExporters: size });
    let sent = 0;
    let nowMs = NOON_MS;
    const decode = (datagram: Uint8Array) => {
      const exporter = sent % size;
      const view = datagram as Buffer;
      view.writeUInt32BE(Math.floor(sent / size) + 1, workload.sequenceAt);
      decoder.decode(datagram, addresses[exporter] as Uint8Array, 2_055, nowMs, sink);
      sent++;
    };
    const begin = (number: number) => {
      for (const template of workload.templates)
        decoder.decode(template, addresses[number] as Uint8Array, 2_055, nowMs, sink);
    };
    begin(0);
    decode(workload.datagrams[0] as Uint8Array);
    const before = liveBytes();
    for (let number = 1; number < size; number++) begin(number);
    let next = 1;
    // Every exporter sends in every pass.
    const datagramsAPass = Math.max(size, workload.datagrams.length);
    const pass = () => {
      const before = decoder.totals.flowRecords;
      nowMs++;
      for (let i = 0; i < datagramsAPass; i++)
        decode(workload.datagrams[next++ % workload.datagrams.length] as Uint8Array);
      const records = datagramsAPass * workload.recordsPerDatagram;
      expectCount("records decoded", decoder.totals.flowRecords - before, records);
      return records;
    };
    pass();
    const memory = (liveBytes() - before) / (size - 1);
    expectCount("exporters followed", decoder.totals.exporters, size);

    const classify = classifyPass(
      classifierOf({ registry: registryOf(size) }),
      flowRows(seed, CLASSIFIED_BATCHES, size),
    );
    return {
      once: { memory },
      round() {
        const costs = { decode: cpuNsPerUnit(pass, roundMs), classify: cpuNsPerUnit(classify, roundMs) };
        const startedAt = cpuSeconds();
        decoder.expire(nowMs);
        const ledger = decoder.takeLedger();
        const lost = ledger.filter(({ outcome }) => outcome === "lost").reduce((sum, { count }) => sum + count, 0);
        expectCount("datagrams lost", lost, 0);
        expectCount("export sessions with a status", decoder.takeStatus().length, size);
        decoder.takeState();
        return { ...costs, books: ((cpuSeconds() - startedAt) / size) * 1e6 };
      },
    };
  },
};
