import { type Exporter, PrefixTrie, type Registry } from "@v6meter/classify";
import type { FacesOf } from "@v6meter/query";
import { addressBytes, isMappedV4 } from "@v6meter/schemas";

/** Finds the registry's entry of an exporter; null where there is none. */
export type EntryOf = (exporter: string) => Exporter | null;

/** Finds entries by the longest prefix, as the classifier does. */
export function entryOfRegistry({ exporters }: Pick<Registry, "exporters">): EntryOf {
  const shortestFirst = [...exporters].sort((a, b) => a.prefix.length - b.prefix.length);
  const tries = { 4: new PrefixTrie(), 6: new PrefixTrie() };
  for (const [i, { prefix }] of shortestFirst.entries())
    tries[prefix.ipVersion].insert(prefix.bytes, prefix.length, i + 1);
  return (exporter) => {
    const address = addressBytes(exporter);
    if (!address) return null;
    const number = isMappedV4(address, 0) ? tries[4].lookup(address, 12) : tries[6].lookup(address, 0);
    return shortestFirst[number - 1] ?? null;
  };
}

/** What the interfaces of exporters face, by their entries. */
export function facesOfEntries(entryOf: EntryOf): FacesOf {
  return (exporter) => {
    const entry = entryOf(exporter);
    if (entry === null) return null;
    const interfaces = [...entry.interfaces].map(
      ([index, it]) => [index, { operator: it.operator, observationPoint: it.observation_point }] as const,
    );
    return { operator: entry.operator, observationPoint: entry.observationPoint, interfaces: new Map(interfaces) };
  };
}
