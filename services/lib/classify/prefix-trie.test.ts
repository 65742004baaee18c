import { Random } from "@v6meter/random";
import { expect, test } from "vitest";
import { PrefixTrie } from "./prefix-trie.ts";

interface Route {
  readonly address: bigint;
  readonly length: number;
  readonly value: number;
}

const bytesOf = (address: bigint, width: number) =>
  Uint8Array.from({ length: width / 8 }, (_, i) => Number((address >> BigInt(width - 8 - 8 * i)) & 0xffn));

/** The oracle: tries every route. */
function longest(routes: readonly Route[], address: bigint, width: number): number {
  let best: Route = { address: 0n, length: -1, value: 0 };
  for (const route of routes) {
    const shift = BigInt(width - route.length);
    if (route.length > best.length && route.address >> shift === address >> shift) best = route;
  }
  return best.value;
}

test.each([
  { says: "IPv4", width: 32, seed: 4 },
  { says: "IPv6", width: 128, seed: 6 },
])("$says look-ups agree with a search of all prefixes, nested and random", ({ width, seed }) => {
  const source = new Random(seed);
  const random = () => source.next();
  const randomBits = () => {
    let address = 0n;
    for (let bit = 0; bit < width; bit += 16) address = (address << 16n) | BigInt(Math.floor(random() * 65_536));
    return address;
  };
  const routes: Route[] = [];
  const seen = new Set<string>();
  while (routes.length < 800) {
    // Half of the prefixes lie within one that is there, so that they nest deeply.
    const inside = routes.length > 0 && random() < 0.5 ? routes[Math.floor(random() * routes.length)] : undefined;
    const length = Math.floor(random() * (width + 1));
    const free = inside ? BigInt(width - inside.length) : BigInt(width);
    const any = inside ? inside.address | (randomBits() & ((1n << free) - 1n)) : randomBits();
    const address = (any >> BigInt(width - length)) << BigInt(width - length);
    if (seen.has(`${address}/${length}`)) continue;
    seen.add(`${address}/${length}`);
    routes.push({ address, length, value: routes.length + 1 });
  }
  const trie = new PrefixTrie();
  for (const route of routes.toSorted((a, b) => a.length - b.length))
    trie.insert(bytesOf(route.address, width), route.length, route.value);

  const last = (1n << BigInt(width)) - 1n;
  // Beside random addresses: the first and last address of every prefix, and its neighbours.
  const probes = routes.flatMap(({ address, length }) => {
    const end = address | ((1n << BigInt(width - length)) - 1n);
    return [address, end, address === 0n ? 0n : address - 1n, end === last ? last : end + 1n];
  });
  for (let i = 0; i < 4_000; i++) probes.push(randomBits());
  const padded = new Uint8Array(width / 8 + 5);
  for (const address of probes) {
    padded.set(bytesOf(address, width), 5);
    const found = trie.lookup(padded, 5);
    if (found !== longest(routes, address, width))
      expect.fail(`${address.toString(16)}: found ${found}, expected ${longest(routes, address, width)}`);
  }
  expect(probes.length).toBe(7_200);
});

test("an empty table matches nothing", () => {
  expect(new PrefixTrie().lookup(new Uint8Array(16), 0)).toBe(0);
});

test("a prefix of length 0 matches every address", () => {
  const trie = new PrefixTrie();
  trie.insert(new Uint8Array(16), 0, 9);
  expect(trie.lookup(new Uint8Array(16).fill(255), 0)).toBe(9);
});
