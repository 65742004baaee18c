import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { refdec, refdecIsThere } from "../scenario/refdec.test-data.ts";
import { type DecodedRecord, sumsOf } from "../scenario/test-export.ts";
import { playPopulation, testPopulation } from "./test-population.ts";

/** Nothing here is checked with our own decoder: these two were written by others, from the RFCs. */

const { datagrams, truth } = playPopulation(testPopulation(), { subscribers: 1_500, days: 1 });
const sums = ({ records, bytes, packets }: (typeof truth.routers)[number]) => ({
  records,
  bytes: BigInt(bytes),
  packets: BigInt(packets),
});

test("node-netflowv9 reads of every v5 and v9 router what the truth says, and its sampling", () => {
  const NetFlowV9 = createRequire(import.meta.url)("node-netflowv9");
  const library = new NetFlowV9({});
  library.server.close();
  const read = truth.routers.map((): { records: DecodedRecord[]; rates: Set<number> } => ({
    records: [],
    rates: new Set(),
  }));
  for (const { router, bytes } of datagrams) {
    if (bytes.readUInt16BE(0) === 10) continue;
    const address = truth.routers[router]?.exporter as string;
    const { flows, header } = library.nfPktDecode(bytes, { address, port: 40_000 + router, size: bytes.length });
    const of = read[router] as (typeof read)[number];
    if (bytes.readUInt16BE(0) === 5) of.rates.add(header.sampling_interval & 0x3fff);
    for (const flow of flows) {
      if (flow.isOption) {
        const rate = flow.flow_sampler_random_interval ?? flow.sampling_interval;
        if (rate !== undefined) of.rates.add(rate);
      } else
        of.records.push({
          src: flow.ipv4_src_addr ?? flow.ipv6_src_addr,
          dst: flow.ipv4_dst_addr ?? flow.ipv6_dst_addr,
          bytes: flow.in_bytes,
          packets: flow.in_pkts,
        });
    }
  }
  const old = truth.routers.flatMap((router, i) => (router.version === 10 ? [] : [{ router, found: read[i] }]));
  expect(old.length).toBeGreaterThan(4);
  for (const { router, found } of old) {
    expect(sumsOf(found?.records ?? []), router.name).toEqual(sums(router));
    expect([...(found?.rates ?? [])], router.name).toEqual([router.samplingRate]);
  }
});

describe.runIf(refdecIsThere)("refdec, on v5, v9 and IPFIX", () => {
  interface Line extends DecodedRecord {
    readonly type: "flow" | "options";
    readonly exporter: string;
    readonly sampling_rate?: number;
    readonly start_ms: number;
    readonly end_ms: number;
    readonly export_ms: number;
  }
  const sent = datagrams.map(({ router, bytes, atMs }) => ({
    source: truth.routers[router]?.exporter as string,
    sourcePort: 40_000 + router,
    destination: "127.0.0.1",
    destinationPort: 2055,
    atMs,
    payload: bytes,
  }));
  const { lines, errors } = refdec<Line>(sent);
  const flows = lines.filter(({ type }) => type === "flow");

  test("it finds nothing malformed and no set without a template", () => expect(errors).toEqual([]));

  test.each(truth.routers)("of $name it reads the records, bytes, packets and sampling of the truth", (router) => {
    const own = flows.filter(({ exporter }) => exporter === router.exporter);
    expect(sumsOf(own)).toEqual(sums(router));
    if (router.records > 0)
      expect([...new Set(own.map(({ sampling_rate }) => sampling_rate ?? 0))]).toEqual([router.samplingRate]);
  });

  test("flows ended within the minute before their export and began minutes before, by the exporter's own clock", () => {
    expect(flows.length).toBeGreaterThan(1_000);
    for (const { start_ms, end_ms, export_ms } of flows) {
      expect(start_ms).toBeLessThanOrEqual(end_ms);
      expect(end_ms).toBeLessThanOrEqual(export_ms + 1_000);
      expect(end_ms).toBeGreaterThan(export_ms - 62_000);
      expect(start_ms).toBeGreaterThan(export_ms - 345_000);
    }
  });
});
