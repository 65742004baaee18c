import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { refdec, refdecIsThere } from "./refdec.test-data.ts";
import { type DecodedRecord, exportDay, plainAddress, smallProvince, sumsOf } from "./test-export.ts";

/** Nothing here is checked with our own decoder: these two were written by others, from the RFCs. */

const province = smallProvince(6_000);
const { datagrams, truth } = exportDay(province);

test("every datagram is 1,400 octets or less, and IPFIX states its own length", () => {
  for (const { payload } of datagrams) {
    const bytes = payload as Buffer;
    expect(bytes.length).toBeLessThanOrEqual(1_400);
    if (bytes.readUInt16BE(0) === 10) expect(bytes.readUInt16BE(2)).toBe(bytes.length);
  }
});

test("node-netflowv9 reads of every v5 and v9 router what the truth says, and its sampling", () => {
  const NetFlowV9 = createRequire(import.meta.url)("node-netflowv9");
  const library = new NetFlowV9({});
  library.server.close();
  const read = truth.routers.map((): { records: DecodedRecord[]; rates: Set<number>; options: number } => ({
    records: [],
    rates: new Set(),
    options: 0,
  }));
  for (const { payload, router, source, sourcePort } of datagrams) {
    const bytes = payload as Buffer;
    const version = bytes.readUInt16BE(0);
    if (version === 10) continue;
    const { flows, header } = library.nfPktDecode(bytes, { address: source, port: sourcePort, size: bytes.length });
    const of = read[router] as (typeof read)[number];
    if (version === 5) of.rates.add(header.sampling_interval & 0x3fff);
    for (const flow of flows) {
      if (flow.isOption) {
        of.options++;
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
  const old = truth.routers.flatMap((router, i) =>
    router.version === 10 ? [] : [{ router, found: read[i] as (typeof read)[number] }],
  );
  expect(old).toHaveLength(4);
  for (const { router, found } of old) {
    const { records, bytes, packets } = router;
    expect(sumsOf(found.records), router.name).toEqual({ records, bytes, packets });
    expect([...found.rates], router.name).toEqual(router.samplingRate === 0 ? [] : [router.samplingRate]);
    expect(found.options, router.name).toBe(router.optionsRecords);
  }
});

describe.runIf(refdecIsThere)("refdec, on v5, v9 and IPFIX", () => {
  interface Line {
    type: "flow" | "options";
    exporter: string;
    version: number;
    src: string;
    dst: string;
    bytes: number;
    packets: number;
    sampling_rate?: number;
    first_pass: boolean;
    start_ms: number;
    end_ms: number;
    export_ms: number;
    proto: number;
    outer_src?: string;
  }
  const { lines, errors } = refdec<Line>(datagrams);
  const flows = lines.filter(({ type }) => type === "flow");

  test("it finds nothing malformed and no set without a template", () => expect(errors).toEqual([]));

  test.each(truth.routers)(
    "of $name it reads the records, bytes, packets, options records and sampling of the truth",
    (router) => {
      const own = flows.filter(({ exporter }) => exporter === router.exporter);
      const { records, bytes, packets } = router;
      expect(sumsOf(own)).toEqual({ records, bytes, packets });
      expect(lines.filter(({ type, exporter }) => type === "options" && exporter === router.exporter)).toHaveLength(
        router.optionsRecords,
      );
      expect([...new Set(own.map(({ sampling_rate }) => sampling_rate ?? 0))]).toEqual([router.samplingRate]);
    },
  );

  test("only the router whose templates come late has records before their templates", () => {
    const late = new Set(flows.filter(({ first_pass }) => !first_pass).map(({ exporter }) => exporter));
    expect([...late]).toEqual(["127.86.24.6"]);
  });

  test("flows ended within the seconds before their export, by the exporter's own clock", () => {
    for (const { start_ms, end_ms, export_ms } of flows) {
      expect(start_ms).toBeLessThanOrEqual(end_ms);
      expect(end_ms).toBeLessThanOrEqual(export_ms + 1_000);
      expect(start_ms).toBeGreaterThan(export_ms - 10_000);
    }
  });

  test("the subscriber's address lies in its region's prefix: bytes by region, operator and family equal the truth", () => {
    const byPrefix = (line: Line): string | null => {
      for (const address of [line.src, line.dst]) {
        const prefix = prefixes.find(({ matches }) => matches(address));
        if (prefix) return prefix.key;
      }
      return null;
    };
    const found = new Map<string, bigint>();
    for (const line of flows) {
      const key = byPrefix(line);
      if (key !== null) found.set(key, (found.get(key) ?? 0n) + BigInt(line.bytes));
    }
    const expected = new Map<string, bigint>();
    for (const { region, operator, access, family, bytes } of truth.cells) {
      // Addresses behind CGNAT are the same with two operators: they tell no region.
      const key = `${region}/${operator}/${access}/${family}`;
      if (prefixes.some((prefix) => prefix.key === key)) expected.set(key, (expected.get(key) ?? 0n) + bytes);
    }
    expect(expected.size).toBeGreaterThan(150);
    expect(found).toEqual(expected);
  });

  /** Written out again, on text and numbers: regions are numbered through the bits behind the prefix. */
  const prefixes = province.scenario.networks.flatMap(({ operator, access, ipv4, ipv6 }) =>
    province.scenario.regions.flatMap(({ code }, r) => {
      const [v6 = ""] = ipv6.split("::/");
      const v6Start =
        (BigInt(
          `0x${v6
            .split(":")
            .map((group) => group.padStart(4, "0"))
            .join("")}`,
        ) <<
          96n) +
        (BigInt(r) << 94n);
      const [v4 = ""] = ipv4.split("/");
      const number = (text: string) => text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
      const v4Start = number(v4) + r * 2 ** 14;
      return [
        {
          key: `${code}/${operator}/${access}/6`,
          matches: (address: string) => address.includes(":") && numberOf(address) >> 94n === v6Start >> 94n,
        },
        ...(v4 === "100.64.0.0"
          ? []
          : [
              {
                key: `${code}/${operator}/${access}/4`,
                matches: (address: string) => {
                  const at = address.includes(":") ? -1 : number(address);
                  return at >= v4Start && at < v4Start + 2 ** 14;
                },
              },
            ]),
      ];
    }),
  );

  function numberOf(address: string): bigint {
    const groups = plainAddress(address)
      .split("::")
      .map((part) => part.split(":").filter((group) => group !== ""));
    const [head = [], tail = []] = groups;
    const all = [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
    return BigInt(`0x${all.map((group) => group.padStart(4, "0")).join("")}`);
  }
});
