import { type FlowLabels, isMappedV4, type RegistryInterface } from "@v6meter/schemas";
import { PairTable } from "./pair-table.ts";
import { PrefixTrie } from "./prefix-trie.ts";
import type { Registry } from "./registry.ts";
import { numbersOf } from "./registry-labels.ts";
import { accessIndex, pointIndex } from "./vocabulary-index.ts";

/** What the registry says of exporters or of interfaces, by number; 0 is one of which it says nothing. */
interface Places {
  readonly region: Uint16Array;
  readonly operator: Uint16Array;
  readonly access: Uint8Array;
  readonly point: Uint8Array;
}

function createPlaces(count: number): Places {
  return {
    region: new Uint16Array(count + 1),
    operator: new Uint16Array(count + 1),
    access: new Uint8Array(count + 1),
    point: new Uint8Array(count + 1),
  };
}

/** Exporters and their interfaces, compiled: numbers to look up, columns that say what each is. */
export class ExporterTable {
  readonly exporters: Places & { readonly samplingRate: Uint32Array };
  /** Interfaces; `subscriberSide` and `notCounted` are 1 where it is so. */
  readonly interfaces: Places & { readonly subscriberSide: Uint8Array; readonly notCounted: Uint8Array };
  readonly #v4 = new PrefixTrie();
  readonly #v6 = new PrefixTrie();
  readonly #interfaceNumbers: PairTable;

  constructor(registry: Registry, labels: FlowLabels) {
    const region = numbersOf(labels.region);
    const operator = numbersOf(labels.operator);
    const exporters = [...registry.exporters].sort((a, b) => a.prefix.length - b.prefix.length);
    const faces: [exporter: number, index: number, face: RegistryInterface][] = exporters.flatMap((exporter, i) =>
      Array.from(exporter.interfaces, ([index, face]): [number, number, RegistryInterface] => [i + 1, index, face]),
    );
    this.exporters = { ...createPlaces(exporters.length), samplingRate: new Uint32Array(exporters.length + 1) };
    this.interfaces = {
      ...createPlaces(faces.length),
      subscriberSide: new Uint8Array(faces.length + 1),
      notCounted: new Uint8Array(faces.length + 1),
    };
    for (const [i, { prefix, samplingRate, observationPoint, ...place }] of exporters.entries()) {
      (prefix.ipVersion === 4 ? this.#v4 : this.#v6).insert(prefix.bytes, prefix.length, i + 1);
      this.exporters.region[i + 1] = region(place.region);
      this.exporters.operator[i + 1] = operator(place.operator);
      this.exporters.access[i + 1] = accessIndex(place.access);
      this.exporters.point[i + 1] = pointIndex(observationPoint);
      this.exporters.samplingRate[i + 1] = samplingRate;
    }
    this.#interfaceNumbers = new PairTable(faces.map(([exporter, index], i) => [exporter, index, i + 1]));
    for (const [i, [, , face]] of faces.entries()) {
      this.interfaces.region[i + 1] = region(face.region);
      this.interfaces.operator[i + 1] = operator(face.operator);
      this.interfaces.access[i + 1] = accessIndex(face.access);
      this.interfaces.point[i + 1] = pointIndex(face.observation_point);
      this.interfaces.subscriberSide[i + 1] = Number(face.side === "subscriber");
      this.interfaces.notCounted[i + 1] = Number(!face.counted);
    }
  }

  /** The number of the exporter whose 16 bytes begin at `at`; 0 when it is not registered. */
  exporter(bytes: Uint8Array, at: number): number {
    return isMappedV4(bytes, at) ? this.#v4.lookup(bytes, at + 12) : this.#v6.lookup(bytes, at);
  }

  /** The number of an exporter's interface; 0 when it is not registered. */
  interface(exporter: number, index: number): number {
    return exporter === 0 ? 0 : this.#interfaceNumbers.get(exporter, index);
  }
}
