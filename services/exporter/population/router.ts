import type { Random } from "@v6meter/random";
import type { ScenarioRouter } from "@v6meter/schemas";
import type { Datagram } from "../encode/datagram.ts";
import type { ExportedFlow } from "../encode/flow.ts";
import { createPacker } from "../encode/packer.ts";
import type { Template } from "../encode/template.ts";
import { createExportingProcess } from "../scenario/exporting-process.ts";
import { namedInterfaces } from "../scenario/province.ts";
import { routerTemplates, SAMPLER_ID, templateDatagrams } from "../scenario/templates.ts";
import type { PopulationCell } from "./cells.ts";

const DAY_MS = 86_400_000;
/** Records that wait at a router at most: two templates and a few domains, far fewer than this. */
const WAITING = 1 << 16;

/** A router that is handed flows as they end and exports them. */
export interface PopulationRouter {
  readonly spec: ScenarioRouter;
  /**
   * Takes a flow that ended at `nowMs`; `startAgeMs` is how long before that it began. The inner header alone
   * is exported unless `within` says srv6.
   */
  add(flow: ExportedFlow, cell: PopulationCell, nowMs: number, within: "srv6" | null): void;
  /** Sends what is waiting. */
  flush(nowMs: number): void;
  restart(nowMs: number): void;
  /** Flow records in datagrams that were sent, and their sums as exported. */
  readonly records: number;
  readonly bytes: number;
  readonly packets: number;
  readonly withheldDatagrams: number;
  readonly withheldRecords: number;
  readonly templateDatagrams: number;
  readonly optionsRecords: number;
  readonly restarts: number;
}

/** What a router of a population is made of. */
export interface PopulationRouterOptions {
  readonly spec: ScenarioRouter;
  /** The cells it sees. */
  readonly cells: readonly PopulationCell[];
  readonly samplingRate: number;
  readonly startMs: number;
  readonly random: Random;
  /** The time that is stamped at a moment of the simulation. */
  readonly clock: (ms: number) => number;
  /** Takes a finished datagram, its bytes its own, and the time it is stamped with. */
  readonly send: (bytes: Buffer, atMs: number) => void;
}

/** Starts a router at `startMs`, booted its uptime before. */
export function createPopulationRouter(options: PopulationRouterOptions): PopulationRouter {
  const { cells, samplingRate, random, clock, send } = options;
  const startMs = clock(options.startMs);
  const spec: ScenarioRouter = { ...options.spec, sampling: { ...options.spec.sampling, rate: samplingRate } };
  const templates = routerTemplates(spec);
  const interfaces = namedInterfaces(spec, cells);
  const process = createExportingProcess(
    spec,
    new Map(spec.domains.map((domain) => [domain, templateDatagrams(spec, templates, domain, interfaces)])),
    startMs,
  );
  // A record's times are noted as ms after this moment until its datagram is sent; 32 bits hold 49 days.
  let noteFromMs = startMs - DAY_MS;
  let now = startMs;
  let records = 0;
  let bytes = 0;
  let packets = 0;
  let withheldDatagrams = 0;
  let withheldRecords = 0;
  const waitingBytes = new Float64Array(WAITING);
  const waitingPackets = new Float64Array(WAITING);
  let row = 0;

  const emit = (datagram: Datagram) => {
    const { agesMs, rows } = datagram;
    for (let i = 0; i < agesMs.length; i++) agesMs[i] = now - noteFromMs - (agesMs[i] as number);
    const withheld = spec.withheld_share > 0 && random.next() < spec.withheld_share;
    process.export(datagram, now, withheld, (octets) => {
      // Datagrams with templates are sent again with other times.
      send(octets === datagram.bytes ? octets : Buffer.from(octets), now);
      return true;
    });
    if (withheld) {
      withheldDatagrams++;
      withheldRecords += datagram.records;
      return;
    }
    records += datagram.records;
    for (let i = 0; i < rows.length; i++) {
      bytes += waitingBytes[rows[i] as number] as number;
      packets += waitingPackets[rows[i] as number] as number;
    }
  };
  const packers = spec.domains.map((domain) =>
    createPacker({
      version: spec.version,
      domain,
      v5SamplingInterval: spec.sampling.told === "header" ? samplingRate : 0,
      oneTemplatePerDatagram: spec.one_template_per_datagram,
      emit,
    }),
  );

  return {
    spec,
    add(flow, cell, nowMs, within) {
      now = clock(nowMs);
      const ended = now - noteFromMs;
      flow.samplerId = SAMPLER_ID;
      flow.samplingRate = samplingRate;
      flow.startAgeMs = clock(nowMs - flow.startAgeMs) - noteFromMs;
      flow.endAgeMs = ended;
      row = (row + 1) % WAITING;
      waitingBytes[row] = flow.bytes;
      waitingPackets[row] = flow.packets;
      const template: Template =
        within === "srv6" && templates.srv6 ? templates.srv6 : flow.ipVersion === 6 ? templates.v6 : templates.v4;
      packers[cell.ifIndex % packers.length]?.add(template, flow, row);
    },
    flush(nowMs) {
      now = clock(nowMs);
      for (const packer of packers) packer.flush();
      noteFromMs = now - DAY_MS;
    },
    restart(nowMs) {
      now = clock(nowMs);
      process.restart(now);
    },
    get records() {
      return records;
    },
    get bytes() {
      return bytes;
    },
    get packets() {
      return packets;
    },
    get withheldDatagrams() {
      return withheldDatagrams;
    },
    get withheldRecords() {
      return withheldRecords;
    },
    get templateDatagrams() {
      return process.templateDatagrams;
    },
    get optionsRecords() {
      return process.optionsRecords;
    },
    get restarts() {
      return process.restarts;
    },
  };
}
