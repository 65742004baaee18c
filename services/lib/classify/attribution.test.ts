import { describe, expect, test } from "vitest";
import { classifierOf, classifyAll, classifyOne } from "./test-registry.ts";

const SERVER = "2400:3200::1";
const SERVER_V4 = "39.156.66.10";

describe("the built-in prefixes of Liaoning: users of the province", () => {
  test.each([
    ["240e:30c::1", "telecom", "fixed"],
    ["240e:30f:ffff::1", "telecom", "fixed"],
    ["240e:b0c:1::1", "telecom", "fixed"],
    ["240e:40c:1::1", "telecom", "mobile"],
    ["2409:8a14::1", "mobile", "fixed"],
    ["2409:8a17:ffff::1", "mobile", "fixed"],
    ["2409:8914:1::1", "mobile", "mobile"],
    ["2408:822e::1", "unicom", "fixed"],
    ["2408:822f:ffff::1", "unicom", "fixed"],
    ["2408:8230:1::1", "unicom", "fixed"],
    ["2408:832e:1::1", "unicom", "fixed"],
    ["2408:8330:1::1", "unicom", "fixed"],
    ["2408:842e:1::1", "unicom", "mobile"],
    ["2408:8430:1::1", "unicom", "mobile"],
    ["2408:84e9:1::1", "unicom", "mobile"],
  ])("%s is %s %s", (address, operator, access) => {
    const of = { region: "210000", operator, access };
    expect(classifyOne({ src: address, dst: SERVER })).toMatchObject({ ...of, direction: "up" });
    expect(classifyOne({ src: SERVER, dst: address })).toMatchObject({ ...of, direction: "down" });
  });
});

describe("the built-in prefixes of China: the operator is known, a user of the province is not told", () => {
  test.each([
    ["240e:300::1", "telecom"],
    ["240e:310::1", "telecom"],
    ["240e:bff::1", "telecom"],
    ["240e:410::1", "telecom"],
    ["240e:6ff::1", "telecom"],
    ["240e:7ff::1", "telecom"],
    ["240e:8ff::1", "telecom"],
    ["240e:9ff::1", "telecom"],
    ["240e:aff::1", "telecom"],
    ["240e:3fff::1", "telecom"],
    ["2408:8000::1", "unicom"],
    ["2408:82ff::1", "unicom"],
    ["2408:83ff::1", "unicom"],
    ["2408:84ff::1", "unicom"],
    ["2408:87ff::1", "unicom"],
    ["2409:8a18::1", "mobile"],
    ["2409:89ff::1", "mobile"],
    ["2409:8cff::1", "mobile"],
    ["240a:4000::1", "broadnet"],
    ["240a:4280::1", "broadnet"],
    ["240a:47ff::1", "broadnet"],
    ["2001:da8::1", "cernet"],
    ["2001:250::1", "cernet"],
    ["2001:253:ffff::1", "cernet"],
    ["240a:a000::1", "cernet"],
    ["240c:c000::1", "cernet"],
    ["2400:dd00::1", "cstnet"],
    ["240e:4000::1", "unknown"],
    ["240a:4800::1", "unknown"],
    ["2606:4700::1", "unknown"],
  ])("%s is %s", (address, operator) => {
    const of = { region: "unknown", operator, access: "unknown", direction: "transit" };
    expect(classifyOne({ src: address, dst: "2606:4700::2" })).toMatchObject(of);
    expect(classifyOne({ src: "2606:4700::2", dst: address })).toMatchObject(of);
  });

  test.each([
    ["240e:3ff::1", "fixed"],
    ["240e:bff::1", "fixed"],
    ["240e:4ff::1", "mobile"],
    ["240e:7ff::1", "enterprise"],
    ["240e:8ff::1", "iot"],
    ["240e:9ff::1", "idc"],
    ["2408:83ff::1", "fixed"],
    ["2408:84ff::1", "mobile"],
    ["2408:87ff::1", "idc"],
    ["2409:8aff::1", "fixed"],
    ["2409:89ff::1", "mobile"],
    ["2409:8cff::1", "idc"],
  ])("%s numbers %s access, which shows where an interface tells that it is a subscriber's", (address, access) => {
    const texts = {
      "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, interfaces: { 1: { side: subscriber } } }]",
    };
    expect(classifyOne({ src: address, dst: SERVER, inIf: 1 }, texts).access).toBe(access);
  });
});

describe("prefix before ASN", () => {
  test("a 240a:4000::/21 source seen behind a China Mobile ASN is Broadnet", () => {
    const texts = {
      "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, interfaces: { 1: { side: subscriber } } }]",
    };
    expect(classifyOne({ src: "240a:4280::1", dst: SERVER, srcAs: 9808 }).operator).toBe("broadnet");
    expect(classifyOne({ src: "240a:4280::1", dst: SERVER, srcAs: 56044, inIf: 1 }, texts).operator).toBe("broadnet");
  });

  test.each([
    [4134, "telecom"],
    [4809, "telecom"],
    [134762, "telecom"],
    [4837, "unicom"],
    [9929, "unicom"],
    [9808, "mobile"],
    [56044, "mobile"],
    [7641, "broadnet"],
    [4538, "cernet"],
    [23910, "cernet"],
    [7497, "cstnet"],
    [64512, "unknown"],
  ])("where no prefix tells the operator, AS%i is %s", (asn, operator) => {
    expect(classifyOne({ src: "218.60.1.2", dst: SERVER_V4, srcAs: asn }).operator).toBe(operator);
    expect(classifyOne({ src: "218.60.1.2", dst: SERVER_V4, dstAs: asn }).operator).toBe(operator);
  });

  test("of a flow that passes through, the source's prefix goes before the destination's, any prefix before an ASN", () => {
    expect(classifyOne({ src: "2001:da8::1", dst: "2400:dd00::1" }).operator).toBe("cernet");
    expect(classifyOne({ src: "2606:4700::1", dst: "2400:dd00::1", srcAs: 4134 }).operator).toBe("cstnet");
    expect(classifyOne({ src: "2606:4700::1", dst: "2606::1", srcAs: 4134, dstAs: 4837 }).operator).toBe("telecom");
  });
});

const EXPORTERS = `
exporters:
  - exporter: 198.18.0.1
    region: "210100"
    operator: telecom
    access: fixed
    observation_point: man
    interfaces:
      1: { region: "210200", operator: unicom, access: mobile, side: subscriber, observation_point: access }
      2: { side: core }
      3: { side: subscriber }
      4: { side: peer, operator: mobile, observation_point: interconnect }
  - exporter: 198.18.0.2
    region: "210300"
  - exporter: 198.18.4.0/24
    region: "210400"
  - exporter: 2001:4860:1::/48
    region: "210500"
`;
const OWN_PREFIXES = `
prefix,operator,region,access
240e:30c::/32,,210600,
240e:30c:100::/40,broadnet,,
218.60.0.0/16,telecom,210700,fixed
218.60.9.0/24,,210800,
218.61.0.0/16,telecom,210900,idc
`;
const texts = { "exporters.yaml": EXPORTERS, "prefixes-telecom.csv": OWN_PREFIXES.trim() };

describe("order of attribution, for each attribute by itself", () => {
  const up = { src: "240e:30c::1", dst: SERVER };

  test("the interface's word goes first", () => {
    expect(classifyOne({ ...up, inIf: 1 }, texts)).toMatchObject({
      region: "210200",
      operator: "unicom",
      access: "mobile",
    });
  });

  test("then the exporter's", () => {
    expect(classifyOne({ ...up, inIf: 3 }, texts)).toMatchObject({
      region: "210100",
      operator: "telecom",
      access: "fixed",
    });
    expect(classifyOne({ ...up, exporter: "198.18.0.2" }, texts)).toMatchObject({
      region: "210300",
      operator: "telecom",
      access: "fixed",
    });
  });

  test("then the operators' own prefix tables, before the built-in prefixes even where those are longer", () => {
    const elsewhere = { ...up, exporter: "198.18.9.9" };
    expect(classifyOne(elsewhere, texts)).toMatchObject({ region: "210600", operator: "telecom", access: "fixed" });
    const wide = { "prefixes.csv": "prefix,region\n240e::/16,211000\n" };
    expect(classifyOne(elsewhere, wide)).toMatchObject({ region: "211000", operator: "telecom", access: "fixed" });
  });

  test("what a longer prefix of a table does not say is taken from the one around it", () => {
    const flow = { src: "240e:30c:1ff::1", dst: SERVER, exporter: "198.18.9.9" };
    expect(classifyOne(flow, texts)).toMatchObject({ region: "210600", operator: "broadnet", access: "fixed" });
  });

  test("then the built-in prefixes, then unknown", () => {
    const exporter = "198.18.9.9";
    expect(classifyOne({ ...up, exporter })).toMatchObject({ region: "210000", operator: "telecom", access: "fixed" });
    expect(classifyOne({ src: "2606:4700::1", dst: SERVER, exporter })).toMatchObject({
      region: "unknown",
      operator: "unknown",
      access: "unknown",
    });
  });

  test("an exporter may be a prefix of exporters, of either family; the longest decides", () => {
    expect(classifyOne({ ...up, exporter: "198.18.4.77" }, texts).region).toBe("210400");
    expect(classifyOne({ ...up, exporter: "2001:4860:1:2::3" }, texts).region).toBe("210500");
    expect(classifyOne({ ...up, exporter: "2001:4860:2::" }, texts).region).toBe("210600");
  });

  test("IPv4 is attributed by the operators' tables as well", () => {
    const exporter = "198.18.9.9";
    expect(classifyOne({ src: "218.60.1.1", dst: SERVER_V4, exporter }, texts)).toMatchObject({
      direction: "up",
      region: "210700",
      operator: "telecom",
      access: "fixed",
    });
    expect(classifyOne({ src: SERVER_V4, dst: "218.60.9.1", exporter }, texts)).toMatchObject({
      direction: "down",
      region: "210800",
      operator: "telecom",
      access: "fixed",
    });
  });
});

describe("direction relative to the subscriber side", () => {
  const subscriber = "240e:30c::1";
  const other = "2409:8914::1";

  test.each([
    { says: "a subscriber's source: up", src: subscriber, dst: SERVER, direction: "up" },
    { says: "a subscriber's destination: down", src: SERVER, dst: subscriber, direction: "down" },
    { says: "subscribers on both sides: local", src: subscriber, dst: other, direction: "local" },
    { says: "no subscriber: transit", src: "2001:da8::1", dst: SERVER, direction: "transit" },
    { says: "an address of a data centre is no subscriber's", src: "218.61.0.1", dst: SERVER_V4, direction: "transit" },
    { says: "a record without IP has no direction", ipVersion: 0, direction: "unknown" },
  ])("$says", ({ says: _, direction, ...flow }) => {
    expect(classifyOne({ ...flow, exporter: "198.18.9.9" }, texts).direction).toBe(direction);
  });

  test("a registered subscriber interface goes before the addresses", () => {
    expect(classifyOne({ src: SERVER, dst: other, inIf: 1, outIf: 2 }, texts).direction).toBe("up");
    expect(classifyOne({ src: subscriber, dst: SERVER, inIf: 2, outIf: 1 }, texts).direction).toBe("down");
    expect(classifyOne({ src: SERVER, dst: "2606:4700::1", inIf: 1, outIf: 3 }, texts).direction).toBe("local");
    expect(classifyOne({ ipVersion: 0, outIf: 3 }, texts)).toMatchObject({ direction: "down", region: "210100" });
  });

  test("between other interfaces the addresses tell", () => {
    expect(classifyOne({ src: subscriber, dst: SERVER, inIf: 2, outIf: 4 }, texts).direction).toBe("up");
  });

  test("up takes the attributes of the source, down those of the destination, local those of the source", () => {
    expect(classifyOne({ src: other, dst: "2001:da8::1" })).toMatchObject({ operator: "mobile", access: "mobile" });
    expect(classifyOne({ src: "2001:da8::1", dst: other })).toMatchObject({ operator: "mobile", access: "mobile" });
    expect(classifyOne({ src: subscriber, dst: other })).toMatchObject({ operator: "telecom", access: "fixed" });
  });

  test("transit takes region and access from interfaces and exporter alone", () => {
    const transit = { src: "2001:da8::1", dst: "2409:8c00::1" };
    expect(classifyOne(transit)).toMatchObject({ region: "unknown", operator: "cernet", access: "unknown" });
    expect(classifyOne({ ...transit, exporter: "198.18.0.2" }, texts)).toMatchObject({ region: "210300" });
    expect(classifyOne({ ...transit, inIf: 2, outIf: 4 }, texts)).toMatchObject({
      region: "210100",
      operator: "mobile",
    });
  });

  test("a private or shared IPv4 source within an access network is the subscriber side", () => {
    for (const src of ["100.64.1.1", "10.1.1.1", "192.168.1.1", "172.16.1.1"]) {
      expect(classifyOne({ src, dst: SERVER_V4 }).direction).toBe("up");
      expect(classifyOne({ src: SERVER_V4, dst: src }).direction).toBe("down");
      expect(classifyOne({ src, dst: "10.9.9.9" }).direction).toBe("local");
    }
    const backbone = { "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, observation_point: backbone }]" };
    expect(classifyOne({ src: "100.64.1.1", dst: SERVER_V4 }, backbone).direction).toBe("transit");
  });

  test("the subscriber of DS-Lite with inner addresses exported is known by the tunnel's address", () => {
    const aftr = { "transition.yaml": 'ds_lite: { aftr: ["240e:0:100::1"] }' };
    const up = { src: "192.168.1.2", dst: SERVER_V4, outerSrc: "240e:30c::1", outerDst: "240e:0:100::1" };
    const down = { src: SERVER_V4, dst: "192.168.1.2", outerSrc: "240e:0:100::1", outerDst: "240e:40c::1" };
    expect(classifyOne(up, aftr)).toMatchObject({ direction: "up", region: "210000", access: "fixed" });
    expect(classifyOne(down, aftr)).toMatchObject({ direction: "down", region: "210000", access: "mobile" });
  });
});

describe("observation point", () => {
  test.each([
    { says: "of the ingress interface", inIf: 1, outIf: 4, point: "access" },
    {
      says: "of the egress interface where the flow was metered there",
      inIf: 1,
      outIf: 4,
      metered: "egress",
      point: "interconnect",
    },
    { says: "of the other interface where the metering one has none", inIf: 2, outIf: 4, point: "interconnect" },
    { says: "of the exporter where no interface has one", inIf: 2, outIf: 9, point: "man" },
    { says: "unknown where nothing is registered", exporter: "198.18.9.9", inIf: 1, outIf: 4, point: "unknown" },
  ] as const)("$says", ({ says: _, point, ...flow }) => {
    expect(classifyOne({ src: "240e:30c::1", dst: SERVER, ...flow }, texts).point).toBe(point);
  });
});

describe("effective dates of prefixes", () => {
  const table = `prefix,operator,region,access,valid_from,valid_to
240e:30c::/30,telecom,210100,fixed,,2026-07-01
240e:30c::/30,telecom,210200,fixed,2026-07-01,2026-10-01T12:00:00+08:00
240e:30c::/30,unicom,210300,mobile,2026-10-01T12:00:00+08:00,2026-11-01
`;
  const at = (receivedAt: string) => ({ receivedAt, src: "240e:30c::1", dst: SERVER });

  test("the row in force when the record was received decides; days begin in Asia/Shanghai", () => {
    const found = classifyAll(classifierOf({ "prefixes-2026.csv": table }), [
      at("2020-01-01T00:00:00Z"),
      at("2026-06-30T15:59:59.999Z"),
      at("2026-06-30T16:00:00Z"),
      at("2026-10-01T03:59:59.999Z"),
      at("2026-10-01T04:00:00Z"),
      at("2026-10-31T15:59:59.999Z"),
      at("2026-10-31T16:00:00Z"),
      // A late record after newer ones.
      at("2026-06-01T00:00:00Z"),
    ]);
    expect(found.map(({ region, operator }) => `${region} ${operator}`)).toEqual([
      "210100 telecom",
      "210100 telecom",
      "210200 telecom",
      "210200 telecom",
      "210300 unicom",
      "210300 unicom",
      // The row replaced the built-in one of its prefix; the built-in one around it remains.
      "unknown telecom",
      "210100 telecom",
    ]);
  });
});
