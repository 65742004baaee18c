import type { Datagram } from "../encode/datagram.ts";
import type { Province } from "./day.ts";
import type { Session } from "./session.ts";
import type { Truth, TruthCell, TruthRouter } from "./truth.ts";

/**
 * The truth of what the sessions have sent: sums over the generator's own rows, each as often as its
 * datagram was sent. One session a router, in their order; `exporters` are the addresses sent from.
 */
export function tallyTruth(
  { scenario, seed, kinds, routers }: Pick<Province, "scenario" | "seed" | "kinds" | "routers">,
  sessions: readonly Session[],
  exporters: readonly string[] = routers.map(({ spec }) => spec.address),
): Truth {
  const cells = new Map<string, TruthCell>();
  const truthRouters: TruthRouter[] = [];

  for (const [r, router] of routers.entries()) {
    const { spec, rows } = router;
    const session = sessions[r] as Session;
    const records = new Float64Array(kinds.length);
    const bytes = new Float64Array(kinds.length);
    const packets = new Float64Array(kinds.length);
    const withheld = { datagrams: 0, records: 0 };
    let datagrams = session.templateDatagrams;
    for (const [i, datagram] of router.datagrams.entries()) {
      const times = session.sent[i] as number;
      datagrams += times;
      withheld.datagrams += session.withheld[i] as number;
      withheld.records += (session.withheld[i] as number) * datagram.records;
      if (times > 0) addRows(datagram, times);
    }

    function addRows(datagram: Datagram, times: number): void {
      for (const row of datagram.rows) {
        const kind = rows.kinds[row] as number;
        records[kind] = (records[kind] as number) + times;
        bytes[kind] = (bytes[kind] as number) + times * (rows.bytes[row] as number);
        packets[kind] = (packets[kind] as number) + times * (rows.packets[row] as number);
      }
    }

    const told = spec.sampling.told !== "never";
    const rate = BigInt(told ? spec.sampling.rate : 1);
    let routerRecords = 0;
    let routerBytes = 0n;
    let routerPackets = 0n;
    for (const [k, { cell, verdict, family }] of kinds.entries()) {
      if (records[k] === 0) continue;
      const own = {
        records: records[k] as number,
        bytes: BigInt(bytes[k] as number),
        packets: BigInt(packets[k] as number),
      };
      routerRecords += own.records;
      routerBytes += own.bytes;
      routerPackets += own.packets;
      const place = verdict.subscriber
        ? { region: cell.region.code, operator: cell.network.operator, access: cell.network.access }
        : { region: "unknown", operator: "unknown", access: "unknown" };
      const { technology } = verdict;
      const key = [place.region, place.operator, place.access, family, technology].join("/");
      const sum = cells.get(key);
      cells.set(key, {
        ...place,
        family,
        technology,
        records: own.records + (sum?.records ?? 0),
        bytes: own.bytes + (sum?.bytes ?? 0n),
        packets: own.packets + (sum?.packets ?? 0n),
        scaledBytes: own.bytes * rate + (sum?.scaledBytes ?? 0n),
        scaledPackets: own.packets * rate + (sum?.scaledPackets ?? 0n),
        unknownSamplingBytes: (told ? 0n : own.bytes) + (sum?.unknownSamplingBytes ?? 0n),
      });
    }
    truthRouters.push({
      name: spec.name,
      exporter: exporters[r] as string,
      version: spec.version,
      samplingRate: told ? spec.sampling.rate : 0,
      clockOffsetMs: spec.clock_offset_ms,
      datagrams,
      templateDatagrams: session.templateDatagrams,
      records: routerRecords,
      optionsRecords: session.optionsRecords,
      bytes: routerBytes,
      packets: routerPackets,
      withheld,
      restarts: session.restarts,
    });
  }

  const all = [...cells.values()];
  const records = truthRouters.reduce((sum, router) => sum + router.records, 0);
  return {
    scenario: scenario.name,
    seed,
    records,
    rows: records,
    datagrams: truthRouters.reduce((sum, router) => sum + router.datagrams, 0),
    bytes: all.reduce((sum, cell) => sum + cell.bytes, 0n),
    packets: all.reduce((sum, cell) => sum + cell.packets, 0n),
    scaledBytes: all.reduce((sum, cell) => sum + cell.scaledBytes, 0n),
    scaledPackets: all.reduce((sum, cell) => sum + cell.scaledPackets, 0n),
    cells: all,
    routers: truthRouters,
  };
}
