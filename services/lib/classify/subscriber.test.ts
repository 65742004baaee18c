import { describe, expect, test } from "vitest";
import { createClassifier } from "./classifier.ts";
import { loadRegistry } from "./load-registry.ts";
import { sipHash24 } from "./siphash.ts";
import { batchOf, classifiedOf, type TestFlow } from "./test-batch.ts";
import { classifyOne } from "./test-registry.ts";

const SERVER = "2400:3200::1";
const hashOf = (flow: TestFlow, texts = {}) => classifyOne(flow, texts).subscriber;
const up = (src: string) => hashOf({ src, dst: SERVER });
const down = (dst: string) => hashOf({ src: SERVER, dst });

describe("one subscriber, one key: the prefix of the operator's length", () => {
  test.each([
    { says: "Telecom fixed: /56", same: ["240e:30c:1:200::1", "240e:30c:1:2ff::9"], other: "240e:30c:1:300::1" },
    { says: "Mobile fixed: /60", same: ["2409:8a14:1:230::1", "2409:8a14:1:23f::9"], other: "2409:8a14:1:240::1" },
    { says: "Unicom fixed: /60", same: ["2408:8230:1:230::1", "2408:8230:1:23f::9"], other: "2408:8230:1:240::1" },
    { says: "mobile: /64", same: ["240e:40c:1:2::1", "240e:40c:1:2:ffff::9"], other: "240e:40c:1:3::1" },
  ])("$says", ({ same, other }) => {
    const [first, second] = same as [string, string];
    expect(up(first)).not.toBeNull();
    expect(up(second)).toBe(up(first));
    expect(up(other)).not.toBe(up(first));
    expect(down(first)).toBe(up(first));
  });

  test("the prefix table's length goes before the operator's", () => {
    const texts = { "prefixes.csv": "prefix,region,subscriber_prefix_length\n240e:30c::/32,210100,48\n" };
    const found = ["240e:30c:1:1::1", "240e:30c:1:ffff::1", "240e:30c:2::1"].map((src) =>
      hashOf({ src, dst: SERVER }, texts),
    );
    expect(found[1]).toBe(found[0]);
    expect(found[2]).not.toBe(found[0]);
  });

  test("the length goes by the operator and access that the exporter tells", () => {
    const texts = { "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, access: mobile }]" };
    const found = ["240e:30c:1:1::1", "240e:30c:1:2::1"].map((src) => hashOf({ src, dst: SERVER }, texts));
    expect(found[1]).not.toBe(found[0]);
  });

  test("/64 where nothing else is known", () => {
    const texts = {
      "exporters.yaml": "exporters: [{ exporter: 198.18.0.1, interfaces: { 1: { side: subscriber } } }]",
    };
    const of = (src: string) => hashOf({ src, dst: SERVER, inIf: 1 }, texts);
    expect(of("2a00:1450:1:1::1")).not.toBeNull();
    expect(of("2a00:1450:1:1::2")).toBe(of("2a00:1450:1:1::1"));
    expect(of("2a00:1450:1:2::1")).not.toBe(of("2a00:1450:1:1::1"));
  });
});

test("what is hashed is the length and the bytes of the prefix", () => {
  const key = Uint32Array.of(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
  const out = new Uint32Array(2);
  sipHash24(key, Uint8Array.of(56, 0x24, 0x0e, 0x03, 0x0c, 0, 1, 2), 8, out);
  expect(up("240e:30c:1:2ff::1")).toBe(out.reduceRight((text, word) => text + word.toString(16).padStart(8, "0"), ""));
});

test("another key gives another hash, the same key the same", () => {
  const under = (subscriberKey: Uint8Array) => {
    const classifier = createClassifier({
      registry: loadRegistry(null),
      subscriberKey,
      repeatWindowMs: 1_000,
      repeatSlots: 1_024,
    });
    const batch = batchOf([{ src: "240e:30c::1", dst: SERVER }]);
    classifier.classify(batch);
    return classifiedOf(batch)[0]?.subscriber;
  };
  const hashes = [new Uint8Array(16), new Uint8Array(16).fill(1), new Uint8Array(32), new Uint8Array(32).fill(1)].map(
    under,
  );
  expect(new Set(hashes).size).toBe(4);
  expect(under(new Uint8Array(16))).toBe(hashes[0]);
  expect(under(new Uint8Array(32))).toBe(hashes[2]);
});

test("a key of another length is refused with both numbers", () => {
  const options = { registry: loadRegistry(null), repeatWindowMs: 1_000, repeatSlots: 1_024 };
  expect(() => createClassifier({ ...options, subscriberKey: new Uint8Array(15) })).toThrow(
    "The subscriber key has 15 bytes; allowed are 16 and 32.",
  );
});

describe("IPv4", () => {
  const texts = { "prefixes.csv": "prefix,operator,region,access\n218.60.0.0/16,telecom,210100,fixed\n" };

  test("a public address is a subscriber as a whole", () => {
    const of = (src: string) => hashOf({ src, dst: "39.156.66.10" }, texts);
    expect(of("218.60.0.1")).not.toBeNull();
    expect(of("218.60.0.2")).not.toBe(of("218.60.0.1"));
    expect(hashOf({ src: "39.156.66.10", dst: "218.60.0.1" }, texts)).toBe(of("218.60.0.1"));
  });

  test("a private or shared address is shared by many: no subscriber", () => {
    for (const src of ["100.64.1.1", "10.1.1.1"]) expect(hashOf({ src, dst: "39.156.66.10" })).toBeNull();
  });
});

describe("no subscriber", () => {
  test.each<TestFlow & { says: string }>([
    { says: "transit", src: "2001:da8::1", dst: SERVER },
    { says: "a record without IP", ipVersion: 0 },
    { says: "a special address", src: "240e:30c::1", dst: "ff02::1" },
    { says: "GTP-U", src: "240e:30c::1", dst: SERVER, protocol: 17, dstPort: 2152 },
    { says: "a tunnel whose inner family is not known", src: "240e:30c::1", dst: SERVER, protocol: 41 },
  ])("$says", ({ says: _, ...flow }) => {
    expect(hashOf(flow)).toBeNull();
  });
});

test("the subscriber of DS-Lite is the tunnel's address", () => {
  const aftr = { "transition.yaml": 'ds_lite: { aftr: ["240e:0:100::1"] }' };
  const inner = { src: "192.168.1.2", dst: "39.156.66.10", outerSrc: "240e:30c::1", outerDst: "240e:0:100::1" };
  expect(hashOf(inner, aftr)).toBe(up("240e:30c::1"));
});
