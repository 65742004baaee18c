import { decodePacket, eachVendorAttribute, type Packet, verifyAccountingRequest } from "@v6meter/radius";
import { describe, expect, test } from "vitest";
import { type AccountingFeed, createAccountingFeed } from "./accounting-feed.ts";
import { createPopulation } from "./population.ts";
import { playPopulation, TEST_FROM_MS, type ToldEvent, testPopulation } from "./test-population.ts";

const SECRET = Buffer.from("a secret of the tests");
const options = { seed: 5, subscribers: 1_200, fromMs: TEST_FROM_MS, days: 1 };

describe("as accounting requests, sessions say what the columns say", () => {
  let feed: AccountingFeed | undefined;
  const population = createPopulation(testPopulation(), {
    ...options,
    feed: (parts) => {
      feed = createAccountingFeed(parts);
      return feed;
    },
  });
  const packets: Packet[] = [];
  let refused = 0;
  for (const step of population.steps()) {
    expect(step.sessions).toEqual([]);
    for (const event of feed?.take() ?? []) {
      const packet = decodePacket(event.encode(packets.length, SECRET)) as Packet;
      if (verifyAccountingRequest(packet, SECRET) !== null) refused++;
      packets.push(packet);
    }
  }
  const { events } = playPopulation(testPopulation(), options);

  test("one packet an event, signed", () => {
    expect(refused).toBe(0);
    expect(packets).toHaveLength(events.length);
  });

  test("of the same status, time, addresses, prefixes and ports", () => {
    for (const [i, event] of events.entries()) expect(read(packets[i] as Packet)).toEqual(expected(event));
  });

  test("one identity a subscriber, one Acct-Session-Id a session", () => {
    const pairs = (list: readonly (readonly [string, string])[]) => {
      const of = new Map<string, Set<string>>();
      for (const [a, b] of list) of.set(a, (of.get(a) ?? new Set()).add(b));
      return [...of.values()].every(({ size }) => size === 1) && of.size;
    };
    const text = (packet: Packet, name: "User-Name" | "Acct-Session-Id") =>
      Buffer.from(packet.value(name) as Uint8Array).toString();
    const names = events.map((event, i) => [text(packets[i] as Packet, "User-Name"), event.subscriber] as const);
    const sessions = events.map((event, i) => [text(packets[i] as Packet, "Acct-Session-Id"), event.session] as const);
    expect(pairs(names)).toBe(pairs(names.map(([a, b]) => [b, a])));
    expect(pairs(sessions)).toBe(pairs(sessions.map(([a, b]) => [b, a])));
    expect(pairs(names)).toBeGreaterThan(1_000);
  });
});

const hex = (value: Uint8Array | null) => (value === null ? "" : Buffer.from(value).toString("hex"));

/** What RFC 3162 §2.3 writes of a prefix: reserved, length, octets. */
function prefixOf(value: Uint8Array | null): string[] {
  return value === null ? [] : [`${hex(value.subarray(2)).padEnd(16, "0").slice(0, 16)}/${value[1]}`];
}

function read(packet: Packet) {
  const vendor = new Map<number, string>();
  eachVendorAttribute(packet, (enterprise, type, at, length) => {
    if (enterprise === 2011) vendor.set(type, hex(packet.bytes.subarray(at, at + length)));
  });
  return {
    status: packet.integer("Acct-Status-Type"),
    at: packet.integer("Event-Timestamp"),
    ipv4: hex(packet.value("Framed-IP-Address")) || vendor.get(161) || "",
    ports: [161, 162, 163].every((type) => vendor.has(type))
      ? [Number(`0x${vendor.get(162)}`), Number(`0x${vendor.get(163)}`)]
      : [0, 0],
    prefixes: [...prefixOf(packet.value("Framed-IPv6-Prefix")), ...prefixOf(packet.value("Delegated-IPv6-Prefix"))],
  };
}

function expected({ status, atMs, ipv4, ports, prefixes }: ToldEvent) {
  return {
    status,
    at: Math.floor(atMs / 1_000),
    ipv4: ipv4 === "::" ? "" : hex(Uint8Array.from(ipv4.split(".").map(Number))),
    ports,
    prefixes,
  };
}
