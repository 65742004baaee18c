import { createDecoder } from "@v6meter/netflow";
import { Random } from "@v6meter/random";
import { createFlowBatch, resetFlowBatch } from "@v6meter/schemas";
import { cpuNsPerUnit, cpuSeconds, liveBytes } from "./cpu.ts";
import { BATCH_ROWS, expectCount, exporterBytes, NOON_MS } from "./flows.ts";
import { layoutWorkload } from "./layouts.ts";
import type { Part } from "./part.ts";

/** Datagrams of a pass, whatever the number of templates: what is read from memory stays the same. */
const DATAGRAMS = 10_000;
/** Layouts there are where many exporters send the templates of few makes. */
const MAKES = 30;
const EXPORTERS = 1_000;
const WARM_UP_ROUNDS = 6;

interface Laid {
  readonly layouts: number;
  readonly exporters: number;
}

/** Sets up a decoder that knows so many templates, and a pass over datagrams of each in turn. */
function decoding(templates: number, { layouts, exporters }: Laid, seed: number) {
  const workload = layoutWorkload(seed, layouts, DATAGRAMS);
  const decoder = createDecoder({ maxExporters: exporters, maxTemplates: templates });
  const sink = {
    batch: createFlowBatch(BATCH_ROWS),
    full() {
      resetFlowBatch(sink.batch);
      return sink.batch;
    },
  };
  const addresses = Array.from({ length: exporters }, (_, number) => exporterBytes(number));
  let nowMs = NOON_MS;
  const sequences = new Uint32Array(exporters);
  const decode = (datagram: Buffer, number: number) => {
    const exporter = number % exporters;
    datagram.writeUInt32BE((sequences[exporter] as number)++, workload.sequenceAt);
    decoder.decode(datagram, addresses[exporter] as Uint8Array, 2_055, nowMs, sink);
  };
  const before = liveBytes();
  const startedAt = cpuSeconds();
  for (let number = 0; number < templates; number++) {
    decode(workload.template(number % layouts, idOf(number, exporters)), number);
    decode(workload.datagram(idOf(number, exporters), number % DATAGRAMS), number);
  }
  const learned = ((cpuSeconds() - startedAt) / templates) * 1e6;
  const memory = (liveBytes() - before) / templates;
  expectCount("templates known", decoder.totals.templates, templates);
  // In an order without a pattern: what a processor could foresee of templates in turns it cannot foresee of routers.
  const random = new Random(seed);
  const order = Uint32Array.from({ length: DATAGRAMS }, () => random.below(templates));
  const pass = () => {
    const recordsBefore = decoder.totals.flowRecords;
    nowMs++;
    for (let i = 0; i < DATAGRAMS; i++) {
      const number = order[i] as number;
      decode(workload.datagram(idOf(number, exporters), i), number);
    }
    const records = DATAGRAMS * workload.recordsPerDatagram;
    expectCount("records decoded", decoder.totals.flowRecords - recordsBefore, records);
    return records;
  };
  return { pass, learned, memory };
}

/** Templates of one exporter have ids in a row. */
const idOf = (number: number, exporters: number) => 256 + Math.floor(number / exporters);

/** Templates in force: of one exporter each another layout, of a thousand exporters the layouts of 30 makes. */
export const templates: Part = {
  name: "templates",
  grows: "templates",
  sizes: [1, 10, 100, 1_000, 10_000],
  quickSizes: [10, 1_000],
  baseline: 10,
  series: {
    decode: {
      title: `decode, ${EXPORTERS} exporters, ${MAKES} layouts`,
      unit: "CPU-ns/record",
      cause: "the exporters' states and the code of each layout are out of the cache",
    },
    decode_distinct: {
      title: "decode, one exporter, each template another layout",
      unit: "CPU-ns/record",
      cause: "code of so many layouts does not stay in the cache, nor compiled",
    },
    learn: { title: "a template and its first datagram", unit: "CPU-us/template" },
    memory: { title: "memory, one exporter, each template another layout", unit: "bytes/template" },
  },
  async prepare(size, { seed, roundMs }) {
    const distinct = decoding(size, { layouts: size, exporters: 1 }, seed);
    const makes = decoding(size, { layouts: Math.min(MAKES, size), exporters: Math.min(EXPORTERS, size) }, seed);
    // The loops of many layouts are compiled one after the other.
    for (const { pass } of [distinct, makes]) cpuNsPerUnit(pass, WARM_UP_ROUNDS * roundMs);
    return {
      once: { learn: distinct.learned, memory: distinct.memory },
      round: () => ({
        decode: cpuNsPerUnit(makes.pass, roundMs),
        decode_distinct: cpuNsPerUnit(distinct.pass, roundMs),
      }),
    };
  },
};
