import type { Exporter, Registry } from "@v6meter/classify";
import type { FacesOf } from "@v6meter/query";
import { addressBytes, isMappedV4 } from "@v6meter/schemas";

/** Addresses that are remembered between two states of the registry. */
const REMEMBERED_MAX = 100_000;

function isWithin(bytes: Uint8Array, prefix: Uint8Array, length: number): boolean {
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : (0xff << (8 - (length - bit))) & 0xff;
    if (((bytes[bit >> 3] as number) & mask) !== ((prefix[bit >> 3] as number) & mask)) return false;
  }
  return true;
}

/** Finds the registry's entry of an exporter by the longest prefix, as the classifier does; null where there is none. */
export function entryOfRegistry({ exporters }: Pick<Registry, "exporters">): (exporter: string) => Exporter | null {
  const longestFirst = [...exporters].sort((a, b) => b.prefix.length - a.prefix.length);
  const remembered = new Map<string, Exporter | null>();
  const find = (text: string): Exporter | null => {
    const address = addressBytes(text);
    if (!address) return null;
    const isV4 = isMappedV4(address, 0);
    const bytes = isV4 ? address.subarray(12) : address;
    const found = longestFirst.find(
      ({ prefix }) => (prefix.ipVersion === 4) === isV4 && isWithin(bytes, prefix.bytes, prefix.length),
    );
    return found ?? null;
  };
  return (exporter) => {
    const known = remembered.get(exporter);
    if (known !== undefined) return known;
    const entry = find(exporter);
    if (remembered.size < REMEMBERED_MAX) remembered.set(exporter, entry);
    return entry;
  };
}

/** What the interfaces of exporters face, by the registry. */
export function facesOfRegistry(registry: Pick<Registry, "exporters">): FacesOf {
  const entryOf = entryOfRegistry(registry);
  return (exporter) => {
    const entry = entryOf(exporter);
    if (entry === null) return null;
    const interfaces = [...entry.interfaces].map(
      ([index, it]) => [index, { operator: it.operator, observationPoint: it.observation_point }] as const,
    );
    return { operator: entry.operator, observationPoint: entry.observationPoint, interfaces: new Map(interfaces) };
  };
}
