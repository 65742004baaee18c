import type { PrefixEntry } from "@v6meter/classify";
import { addressBytes } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { networksOf } from "./networks.ts";

const NOW = Date.UTC(2026, 0, 1);

function prefixOf(text: string): PrefixEntry["prefix"] {
  const [address = "", length] = text.split("/");
  const bytes = addressBytes(address) as Uint8Array;
  const isV6 = address.includes(":");
  return { ipVersion: isV6 ? 6 : 4, bytes: isV6 ? bytes : bytes.slice(12), length: Number(length), text };
}

const row = (text: string, operator?: string, more: Partial<PrefixEntry> & { builtIn?: boolean } = {}) =>
  ({
    prefix: prefixOf(text),
    operator,
    validFromMs: Number.NEGATIVE_INFINITY,
    validToMs: Number.POSITIVE_INFINITY,
    place: { file: "prefixes.csv", line: 1, builtIn: more.builtIn ?? false },
    ...more,
  }) as PrefixEntry;

const named = (...prefixes: PrefixEntry[]) => {
  const { starts, operators } = networksOf({ prefixes, operators: [] }, NOW);
  return starts.map((start, index) => `${start.toString(16)} ${operators[index]}`);
};

test("the narrowest prefix that names an operator has its addresses, and those beside it keep the wider one's", () => {
  expect(
    named(
      row("2409:8000::/20", "mobile"),
      row("2409:8914::/30", "broadnet"),
      row("2409:8915::/32"),
      row("198.51.100.0/24", "unicom"),
    ),
  ).toEqual([
    "0 ",
    "c6336400 unicom",
    "c6336500 ",
    "2409800000000000 mobile",
    "2409891400000000 broadnet",
    "2409891800000000 mobile",
    "2409900000000000 ",
  ]);
});

test("neighbours of one operator are one range, and nothing is left out at the ends of the addresses", () => {
  expect(named(row("240e::/21", "telecom"), row("240e:800::/21", "telecom"), row("::/1", "low"))).toEqual([
    "0 low",
    "240e000000000000 telecom",
    "240e100000000000 low",
    "8000000000000000 ",
  ]);
  expect(named(row("240e::/21", "telecom"), row("240e:800::/21", "telecom"), row("ffff::/16", "last"))).toEqual([
    "0 ",
    "240e000000000000 telecom",
    "240e100000000000 ",
    "ffff000000000000 last",
  ]);
});

test("own rows go before built-in ones however wide they are, and only rows in force count", () => {
  expect(
    named(
      row("240e:30c::/30", "builtin", { builtIn: true }),
      row("240e::/20", "own"),
      row("240e:400::/24", "past", { validToMs: NOW }),
      row("240e:500::/24", "future", { validFromMs: NOW + 1 }),
    ),
  ).toEqual(["0 ", "240e000000000000 own", "240e100000000000 "]);
});
