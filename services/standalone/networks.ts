import type { PrefixEntry, Registry } from "@v6meter/classify";
import type { Networks } from "@v6meter/query";

interface Range {
  readonly first: bigint;
  readonly last: bigint;
  readonly operator: string;
}

/** Bits of an address that tell its network here: the first 64 of IPv6, the 32 of IPv4. */
const BITS = { 4: 32, 6: 64 } as const;

/** Numbers that 64 bits hold. */
const NUMBERS = 1n << 64n;

function rangeOf({ prefix: { ipVersion, bytes, length }, operator = "" }: PrefixEntry): Range {
  const bits = BITS[ipVersion];
  const first = [...bytes.subarray(0, bits / 8)].reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
  return { first, last: first + (1n << BigInt(Math.max(0, bits - length))) - 1n, operator };
}

/** Nested ranges as ones after another, each of the narrowest that names an operator. */
function flattened(entries: readonly PrefixEntry[]): Range[] {
  const ranges = entries
    .filter(({ operator }) => operator !== undefined)
    .map(rangeOf)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.last > b.last ? -1 : 1));
  const flat: Range[] = [];
  const around: Range[] = [];
  let at = 0n;
  const upTo = (end: bigint, operator: string) => {
    if (end >= at) flat.push({ first: at, last: end, operator });
    if (end >= at) at = end + 1n;
  };
  const close = (before: bigint | null) => {
    for (let top = around.at(-1); top && (before === null || top.last < before); top = around.at(-1)) {
      upTo(top.last, top.operator);
      around.pop();
    }
  };
  for (const range of ranges) {
    close(range.first);
    upTo(range.first - 1n, around.at(-1)?.operator ?? "");
    around.push(range);
  }
  close(null);
  return flat;
}

/** Whose addresses the registry names now: rows of its own files go before the built-in ones, as in the classifier. */
export function networksOf({ prefixes, operators }: Pick<Registry, "prefixes" | "operators">, nowMs: number): Networks {
  const inForce = prefixes.filter(({ validFromMs, validToMs }) => validFromMs <= nowMs && nowMs < validToMs);
  const own = flattened(inForce.filter(({ place }) => !place.builtIn));
  const builtIn = flattened(inForce.filter(({ place }) => place.builtIn));
  const bounds = [0n, ...[...own, ...builtIn].flatMap(({ first, last }) => [first, last + 1n])];
  const ordered = [...new Set(bounds)].filter((start) => start < NUMBERS).sort((a, b) => (a < b ? -1 : 1));
  const operatorAt = (ranges: readonly Range[]) => {
    let index = 0;
    return (start: bigint) => {
      while (index < ranges.length && (ranges[index] as Range).last < start) index += 1;
      const range = ranges[index];
      return range && range.first <= start ? range.operator : "";
    };
  };
  const [ownAt, builtInAt] = [operatorAt(own), operatorAt(builtIn)];
  const starts: bigint[] = [];
  const names: string[] = [];
  for (const start of ordered) {
    const operator = ownAt(start) || builtInAt(start);
    if (names.length > 0 && names.at(-1) === operator) continue;
    starts.push(start);
    names.push(operator);
  }
  return {
    starts,
    operators: names,
    byAs: new Map(operators.flatMap(({ id, asns }) => asns.map((asn) => [asn, id] as const))),
  };
}
