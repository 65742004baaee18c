import { TECHNOLOGIES, type Technology } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import type { TestFlow } from "./test-batch.ts";
import { classifyOne } from "./test-registry.ts";

/** Addresses of operators' own equipment, as configured below. */
const TRANSITION = `
ds_lite: { aftr: ["240e:0:100::1"] }
map_e: { br: ["240e:0:200::/64"] }
srv6: { sids: ["240e:f00::/28"] }
map_t: { rules: ["240e:0:300::/48"] }
464xlat: { plat: ["240e:0:400::/96"] }
nat64: { prefixes: ["240e:0:500::/96"] }
6rd: { prefixes: ["240e:5000::/32"], br: [218.1.1.1] }
`;
const USER = "2409:8a14:1:2::3";
const SERVER = "2400:3200::1";
const USER_V4 = "218.60.1.2";
const SERVER_V4 = "39.156.66.10";

interface Claim extends TestFlow {
  readonly says: string;
  readonly technology: Technology;
  readonly family: number;
}

const v6 = { src: USER, dst: SERVER };
const v4 = { src: USER_V4, dst: SERVER_V4 };

const claims: Claim[] = [
  { says: "IPv6 is native", ...v6, technology: "native", family: 6 },
  { says: "IPv4 is native", ...v4, technology: "native", family: 4 },
  { says: "a record without IP has no family", ipVersion: 0, technology: "unknown", family: 0 },

  { says: "GTP-U by destination port", ...v4, protocol: 17, dstPort: 2152, technology: "gtp_u", family: 4 },
  { says: "GTP-U by source port", ...v6, protocol: 17, srcPort: 2152, technology: "gtp_u", family: 6 },
  { says: "TCP port 2152 is no GTP-U", ...v4, dstPort: 2152, technology: "native", family: 4 },

  {
    says: "DS-Lite: protocol 4 to an AFTR",
    src: USER,
    dst: "240e:0:100::1",
    protocol: 4,
    technology: "ds_lite",
    family: 6,
  },
  {
    says: "DS-Lite: protocol 4 from an AFTR",
    src: "240e:0:100::1",
    dst: USER,
    protocol: 4,
    technology: "ds_lite",
    family: 6,
  },
  {
    says: "DS-Lite with the inner addresses exported",
    src: "192.168.1.2",
    dst: SERVER_V4,
    outerSrc: USER,
    outerDst: "240e:0:100::1",
    technology: "ds_lite",
    family: 4,
  },
  { says: "MAP-E: protocol 4 to a BR", src: USER, dst: "240e:0:200::5", protocol: 4, technology: "map_e", family: 6 },
  {
    says: "MAP-E with the inner addresses exported",
    ...v4,
    outerSrc: "240e:0:200::5",
    outerDst: USER,
    outerProtocol: 4,
    technology: "map_e",
    family: 4,
  },
  { says: "other traffic of an AFTR is native", src: USER, dst: "240e:0:100::1", technology: "native", family: 6 },

  {
    says: "4in6 to no AFTR: the inner family is not known",
    ...v6,
    protocol: 4,
    technology: "tunnel_unknown",
    family: 6,
  },
  { says: "6in6: the inner family is not known", ...v6, protocol: 41, technology: "tunnel_unknown", family: 6 },
  {
    says: "a routing header: the inner family is not known",
    ...v6,
    protocol: 43,
    technology: "tunnel_unknown",
    family: 6,
  },
  { says: "an SRv6 segment of 5f00::/16", src: USER, dst: "5f00:1:2::1", technology: "tunnel_unknown", family: 6 },
  {
    says: "an SRv6 segment of an operator's block",
    src: USER,
    dst: "240e:f01::1",
    technology: "tunnel_unknown",
    family: 6,
  },
  {
    says: "SRv6 whose inner IPv4 is exported is IPv4",
    ...v4,
    outerSrc: "5f00:1::1",
    outerDst: "5f00:2::1",
    outerProtocol: 43,
    technology: "native",
    family: 4,
  },
  {
    says: "SRv6 whose inner IPv6 is exported is native by its own addresses",
    ...v6,
    outerSrc: "5f00:1::1",
    outerDst: "5f00:2::1",
    outerProtocol: 41,
    technology: "native",
    family: 6,
  },
  {
    says: "the tunnel's protocol number does not make the inner packet a tunnel",
    ...v6,
    outerSrc: "5f00:1::1",
    outerDst: "5f00:2::1",
    protocol: 41,
    technology: "native",
    family: 6,
  },
  {
    says: "a tunnel within an exported tunnel is one whose inner family is not known",
    ...v6,
    outerSrc: "5f00:1::1",
    outerDst: "5f00:2::1",
    outerProtocol: 41,
    protocol: 4,
    technology: "tunnel_unknown",
    family: 6,
  },

  { says: "MAP-T by a rule prefix", src: "240e:0:300:1::1", dst: SERVER, technology: "map_t", family: 6 },
  { says: "464XLAT by a PLAT prefix", src: USER, dst: "240e:0:400::808:808", technology: "464xlat", family: 6 },
  { says: "NAT64 by 64:ff9b::/96", src: USER, dst: "64:ff9b::808:808", technology: "nat64", family: 6 },
  { says: "NAT64 by 64:ff9b:1::/48", src: "64:ff9b:1:2::1", dst: USER, technology: "nat64", family: 6 },
  { says: "NAT64 by an operator's prefix", src: USER, dst: "240e:0:500::808:808", technology: "nat64", family: 6 },
  { says: "64:ff9b:2:: is no NAT64 prefix", src: USER, dst: "64:ff9b:2::1", technology: "special", family: 6 },

  { says: "6to4 by 2002::/16", src: "2002:da3c:102::1", dst: SERVER, technology: "6to4", family: 6 },
  {
    says: "6to4 by protocol 41 with the relay",
    src: USER_V4,
    dst: "192.88.99.1",
    protocol: 41,
    technology: "6to4",
    family: 4,
  },
  { says: "TCP with the relay's address is native", src: USER_V4, dst: "192.88.99.1", technology: "native", family: 4 },
  {
    says: "Teredo by 2001::/32, though 2001::/23 is special",
    src: "2001:0:1::1",
    dst: SERVER,
    technology: "teredo",
    family: 6,
  },
  { says: "Teredo by UDP 3544", ...v4, protocol: 17, dstPort: 3544, technology: "teredo", family: 4 },
  { says: "Teredo by UDP source port 3544", ...v4, protocol: 17, srcPort: 3544, technology: "teredo", family: 4 },
  { says: "UDP 3544 over IPv6 is no Teredo", ...v6, protocol: 17, dstPort: 3544, technology: "native", family: 6 },
  { says: "6rd by an operator's prefix", src: "240e:5000:1::1", dst: SERVER, technology: "6rd", family: 6 },
  { says: "6rd by protocol 41 to a BR", src: USER_V4, dst: "218.1.1.1", protocol: 41, technology: "6rd", family: 4 },
  { says: "ISATAP by ::0:5efe:v4", src: "2409:8a14::5efe:a00:1", dst: SERVER, technology: "isatap", family: 6 },
  { says: "ISATAP by ::200:5efe:v4", src: SERVER, dst: "2409:8a14::200:5efe:102:304", technology: "isatap", family: 6 },
  {
    says: "link-local ISATAP is ISATAP before it is special",
    src: "fe80::5efe:a00:1",
    dst: SERVER,
    technology: "isatap",
    family: 6,
  },
  {
    says: "::300:5efe:v4 is no ISATAP",
    src: "2409:8a14::300:5efe:102:304",
    dst: SERVER,
    technology: "native",
    family: 6,
  },
  { says: "6in4: other protocol 41", ...v4, protocol: 41, technology: "6in4", family: 4 },
  {
    says: "6in4 whose inner IPv6 is exported",
    ...v6,
    outerSrc: USER_V4,
    outerDst: SERVER_V4,
    outerProtocol: 41,
    technology: "6in4",
    family: 6,
  },
  {
    says: "IPv6 in GRE over IPv4 is a tunnel as well",
    ...v6,
    outerSrc: USER_V4,
    outerDst: SERVER_V4,
    outerProtocol: 47,
    technology: "6in4",
    family: 6,
  },
  {
    says: "6to4 whose inner IPv6 is exported, by the relay outside",
    ...v6,
    outerSrc: USER_V4,
    outerDst: "192.88.99.1",
    outerProtocol: 41,
    technology: "6to4",
    family: 6,
  },
  {
    says: "6rd whose inner IPv6 is exported, by the BR outside",
    ...v6,
    outerSrc: "218.1.1.1",
    outerDst: USER_V4,
    outerProtocol: 41,
    technology: "6rd",
    family: 6,
  },
  { says: "a mapped address on the wire is an anomaly", ipVersion: 6, ...v4, technology: "v4_mapped", family: 6 },
  { says: "one mapped address is enough", ipVersion: 6, src: USER, dst: SERVER_V4, technology: "v4_mapped", family: 6 },
];

test.each(claims)("$says", ({ says: _, technology, family, ...flow }) => {
  const { technology: found, family: foundFamily } = classifyOne(flow, { "transition.yaml": TRANSITION });
  expect({ technology: found, family: foundFamily }).toEqual({ technology, family });
});

test("every technology has a claim of its own", () => {
  const claimed = new Set([...claims.map((claim) => claim.technology), "special"]);
  expect(Object.keys(TECHNOLOGIES).filter((name) => !claimed.has(name as Technology))).toEqual([]);
});

describe("special addresses are excluded, on either side", () => {
  test.each([
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["100::1", "discard-only"],
    ["100:0:0:1::1", "dummy prefix"],
    ["2001:1::1", "IETF protocol assignments"],
    ["2001:2::1", "benchmarking"],
    ["2001:20::1", "ORCHIDv2"],
    ["2001:3f:ffff::1", "drone remote id"],
    ["2001:1ff::1", "the end of 2001::/23"],
    ["2001:db8::1", "documentation"],
    ["3fff:fff::1", "documentation"],
    ["fc00::1", "unique local"],
    ["fdff::1", "unique local"],
    ["fe80::1", "link-local"],
    ["fec0::1", "site-local"],
    ["ff02::fb", "multicast"],
    ["4000::1", "not global unicast"],
    ["1::1", "not global unicast"],
  ])("IPv6 %s: %s", (address) => {
    expect(classifyOne({ src: USER, dst: address }).technology).toBe("special");
    expect(classifyOne({ src: address, dst: USER }).technology).toBe("special");
  });

  test.each([
    "0.1.2.3",
    "127.0.0.1",
    "169.254.1.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
  ])("IPv4 %s", (address) => {
    expect(classifyOne({ src: USER_V4, dst: address }).technology).toBe("special");
    expect(classifyOne({ src: address, dst: USER_V4 }).technology).toBe("special");
  });

  test.each(["2001:200::1", "2001:da8::1", "3ffe::1", "3fff:1000::1", "2000::1", "240e::1"])(
    "the neighbour %s of a special range is native",
    (address) => expect(classifyOne({ src: address, dst: SERVER }).technology).toBe("native"),
  );

  test.each([
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "198.20.0.0",
    "223.255.255.255",
  ])("the neighbour %s of a special range is native", (address) => {
    const point = { "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, observation_point: backbone }]" };
    expect(classifyOne({ src: address, dst: SERVER_V4 }, point).technology).toBe("native");
  });
});

describe("private and shared IPv4", () => {
  const PRIVATE = ["10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1", "100.127.255.254"];
  const points = (point: string) => ({
    "exporters.yaml": `exporters: [{ exporter: 198.18.0.1, observation_point: ${point} }]`,
  });

  test.each(PRIVATE)("%s is valid user traffic within an access network, registered or not", (address) => {
    expect(classifyOne({ src: address, dst: SERVER_V4 }).technology).toBe("native");
    for (const point of ["access", "mobile_core", "man"])
      expect(classifyOne({ src: address, dst: SERVER_V4 }, points(point)).technology).toBe("native");
  });

  test.each(PRIVATE)("%s is special in the backbone, at interconnects, gateways and data centres", (address) => {
    for (const point of ["backbone", "interconnect", "international", "idc"]) {
      expect(classifyOne({ src: address, dst: SERVER_V4 }, points(point)).technology).toBe("special");
      expect(classifyOne({ src: SERVER_V4, dst: address }, points(point)).technology).toBe("special");
    }
  });

  test("private to multicast stays special within an access network", () => {
    expect(classifyOne({ src: "192.168.1.1", dst: "239.255.255.250" }).technology).toBe("special");
  });
});

describe("addresses that were not exported", () => {
  test("an IPv4 record without addresses is native IPv4", () => {
    expect(classifyOne({ ipVersion: 4 })).toMatchObject({ technology: "native", family: 4 });
  });

  test("an IPv4 record with a source alone is judged by it", () => {
    expect(classifyOne({ src: USER_V4 })).toMatchObject({ technology: "native", family: 4 });
  });

  test("an IPv6 record without addresses is native IPv6", () => {
    expect(classifyOne({ ipVersion: 6 })).toMatchObject({ technology: "native", family: 6 });
  });
});

test("a folder's special.csv carves exceptions out of wider ranges", () => {
  const texts = { "special.csv": "prefix,kind\n10.9.0.0/16,special\n2001:1::1/128,global\n" };
  expect(classifyOne({ src: "10.9.0.1", dst: SERVER_V4 }, texts).technology).toBe("special");
  expect(classifyOne({ src: "10.8.0.1", dst: SERVER_V4 }, texts).technology).toBe("native");
  expect(classifyOne({ src: "2001:1::1", dst: SERVER }, texts).technology).toBe("native");
});

describe("what counts as native IPv6", () => {
  const nativeV6 = (flow: TestFlow) => {
    const { family, technology } = classifyOne(flow, { "transition.yaml": TRANSITION });
    const counts = TECHNOLOGIES[technology].counts_as;
    return counts === "auto" && family === 6;
  };

  test("a v6 tunnel in v4 does not raise the native share", () => {
    expect(nativeV6({ ...v4, protocol: 41 })).toBe(false);
    expect(nativeV6({ ...v6, outerSrc: USER_V4, outerDst: SERVER_V4, outerProtocol: 41 })).toBe(false);
    expect(nativeV6({ ...v6, outerSrc: USER_V4, outerDst: SERVER_V4 })).toBe(false);
  });

  test("DS-Lite does not raise the native share", () => {
    expect(nativeV6({ src: USER, dst: "240e:0:100::1", protocol: 4 })).toBe(false);
    expect(nativeV6({ ...v4, outerSrc: USER, outerDst: "240e:0:100::1" })).toBe(false);
  });

  test("SRv6 does not raise the native share, unless what it carries is IPv6", () => {
    expect(nativeV6({ ...v6, protocol: 4 })).toBe(false);
    expect(nativeV6({ src: "5f00:1::1", dst: "5f00:2::1", protocol: 43 })).toBe(false);
    expect(nativeV6({ ...v4, outerSrc: "5f00:1::1", outerDst: "5f00:2::1", outerProtocol: 4 })).toBe(false);
    expect(nativeV6({ ...v6, outerSrc: "5f00:1::1", outerDst: "5f00:2::1", outerProtocol: 41 })).toBe(true);
  });
});
