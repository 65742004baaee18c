import type { ExporterStatus, FlowBatch } from "@v6meter/schemas";

type Interface = ExporterStatus["interfaces"][number];

/** Bounds of what an exporter can make the decoder remember of one observation domain. */
const MAX_SAMPLERS = 4_096;
const MAX_INTERFACES = 16_384;
const MAX_UNRESOLVED_RUNS = 1_024;

/**
 * The batch that is being filled. `generation` grows whenever another one, or the same one emptied, takes
 * its place, so that rows written before are known to be gone.
 */
export interface FillingBatch {
  batch: FlowBatch;
  generation: number;
}

/** Rows of the batch being filled whose sampling rate was not known when they were written. */
interface UnresolvedRun {
  readonly row: number;
  count: number;
  readonly sampler: number | null;
}

/** What one observation domain of an exporter told in options records. */
export class ObservationDomain {
  readonly id: number;
  /** Exact rates by sampler or selector id (IE 48, 302). */
  readonly samplers = new Map<number, number>();
  /** Rates told for one interface. */
  readonly interfaceRates = new Map<number, number>();
  readonly interfaces = new Map<number, Interface>();
  /** Rate told without a sampler id and without an interface; 0 when none was. */
  defaultRate = 0;
  /** IE 160, -1 when not known. */
  systemInitMs = -1;
  /** Name the exporter gives the domain (IE 300), or empty. */
  name = "";
  #unresolved: UnresolvedRun[] = [];
  #unresolvedGeneration = -1;
  #statusInterfaces: Interface[] | null = null;

  constructor(id: number) {
    this.id = id;
  }

  /** Interfaces in order of their index. */
  get statusInterfaces(): Interface[] {
    this.#statusInterfaces ??= [...this.interfaces.values()].sort((a, b) => a.index - b.index);
    return this.#statusInterfaces;
  }

  /** Takes a name or description; empty text leaves what is known. */
  learnInterface(index: number, name: string, description: string): void {
    const known = this.interfaces.get(index);
    if (known === undefined && this.interfaces.size >= MAX_INTERFACES) return;
    this.interfaces.set(index, {
      index,
      name: name || (known?.name ?? ""),
      description: description || (known?.description ?? ""),
    });
    this.#statusInterfaces = null;
  }

  /** Takes a rate of an options record: of a sampler, of an interface, or of everything. */
  learnRate(rate: number, sampler: number | null, interfaceIndex: number | null, filling: FillingBatch): void {
    if (!(rate > 0)) return;
    if (sampler !== null) {
      if (this.samplers.has(sampler) || this.samplers.size < MAX_SAMPLERS) this.samplers.set(sampler, rate);
    } else if (interfaceIndex !== null) {
      if (this.interfaceRates.has(interfaceIndex) || this.interfaceRates.size < MAX_INTERFACES)
        this.interfaceRates.set(interfaceIndex, rate);
    } else this.defaultRate = rate;
    this.#fillUnresolved(filling);
  }

  /**
   * The rate in force for a record that tells none itself: its own sampler's; its interface's (the egress
   * one first where it was metered at egress); the one told for everything; and for a record without a
   * sampler id, the samplers' where all agree. 0 when not known.
   */
  rateFor(sampler: number | null, inIf: number, outIf: number, direction: number): number {
    if (sampler !== null) {
      const rate = this.samplers.get(sampler);
      if (rate !== undefined) return rate;
    }
    if (this.interfaceRates.size > 0) {
      const [metered, other] = direction === 1 ? [outIf, inIf] : [inIf, outIf];
      const rate = this.interfaceRates.get(metered) ?? this.interfaceRates.get(other);
      if (rate !== undefined) return rate;
    }
    if (this.defaultRate > 0) return this.defaultRate;
    if (sampler !== null && sampler !== 0) return 0;
    return this.#agreedRate();
  }

  /** Whether the rate is one for all records without a sampler id. */
  get isUniform(): boolean {
    return this.interfaceRates.size === 0;
  }

  #agreedRate(): number {
    let agreed = 0;
    for (const rate of this.samplers.values()) {
      if (agreed !== 0 && rate !== agreed) return 0;
      agreed = rate;
    }
    return agreed;
  }

  /** Remembers rows without a rate, until it is told or the batch is gone. */
  noteUnresolved(generation: number, row: number, count: number, sampler: number | null): void {
    if (this.#unresolvedGeneration !== generation) {
      this.#unresolved = [];
      this.#unresolvedGeneration = generation;
    }
    const last = this.#unresolved.at(-1);
    if (last !== undefined && last.sampler === sampler && last.row + last.count === row) last.count += count;
    else if (this.#unresolved.length < MAX_UNRESOLVED_RUNS) this.#unresolved.push({ row, count, sampler });
  }

  /** A rate that is learned for the first time is also that of the rows just written without one. */
  #fillUnresolved(filling: FillingBatch): void {
    if (this.#unresolvedGeneration !== filling.generation) return;
    const { sampling_rate, in_if, out_if, direction } = filling.batch.columns;
    this.#unresolved = this.#unresolved.filter(({ row, count, sampler }) => {
      let open = false;
      for (let i = row; i < row + count; i++) {
        if (sampling_rate[i] !== 0) continue;
        const rate = this.rateFor(sampler, in_if[i] as number, out_if[i] as number, direction[i] as number);
        sampling_rate[i] = columnRate(rate);
        open ||= rate === 0;
      }
      return open;
    });
  }
}

/** A rate as the column holds it: the nearest whole number. */
export function columnRate(rate: number): number {
  return Math.min(0xffff_ffff, Math.round(rate));
}
