import type { SessionBatch, SessionColumns, SessionLabels } from "@v6meter/schemas";

const MAX_PLACES = 65_536;
const MAX_ACCESSES = 64;

/** Words numbered in the order they come; number 0 is `unknown`. */
class Words {
  readonly list: string[] = ["unknown"];
  readonly #numbers = new Map<string, number>([["unknown", 0]]);
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** The number of a word; 0 where there is no number left. */
  number(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    if (this.list.length === this.#most) return 0;
    this.#numbers.set(word, this.list.length);
    return this.list.push(word) - 1;
  }

  find(word: string): number {
    return this.#numbers.get(word) ?? -1;
  }
}

/** Words of a batch's labels in numbers of the table. */
export interface BatchWords {
  readonly operator: Uint16Array;
  readonly region: Uint16Array;
  readonly access: Uint16Array;
}

/**
 * What many sessions have in common, numbered: operator, region, access and when their subscribers' key is
 * next rotated. Operator and region together are a place: private addresses are unique within one.
 */
export class Places {
  readonly #operators = new Words(MAX_PLACES);
  readonly #regions = new Words(MAX_PLACES);
  readonly #accesses = new Words(MAX_ACCESSES);
  readonly #numbers = new Map<number, number>();
  readonly #rotations = new Map<number, number>();
  readonly #networks = new Map<number, number>();
  /** By number of place: numbers of words, the moment of rotation (Infinity without one), the network. */
  readonly operator: number[] = [];
  readonly region: number[] = [];
  readonly access: number[] = [];
  readonly rotatesAtMs: number[] = [];
  readonly network: number[] = [];

  constructor() {
    this.#number(0, 0, 0, Number.POSITIVE_INFINITY, 0);
  }

  get labels(): SessionLabels {
    return { operator: this.#operators.list, region: this.#regions.list, access: this.#accesses.list };
  }

  wordsOf({ labels }: SessionBatch): BatchWords {
    return {
      operator: Uint16Array.from(labels.operator, (word) => this.#operators.number(word)),
      region: Uint16Array.from(labels.region, (word) => this.#regions.number(word)),
      access: Uint16Array.from(labels.access, (word) => this.#accesses.number(word)),
    };
  }

  /** The number of a network, of an operator in a region; -1 where no session was in it. */
  networkOf(operator: string, region: string): number {
    const pair = this.#operators.find(operator) * MAX_PLACES + this.#regions.find(region);
    return pair < 0 ? -1 : (this.#networks.get(pair) ?? -1);
  }

  /** The number of what an event tells, without a rotation. */
  ofEvent(columns: SessionColumns, words: BatchWords, row: number): number {
    return this.#number(
      words.operator[columns.operator[row] as number] as number,
      words.region[columns.region[row] as number] as number,
      words.access[columns.access[row] as number] as number,
      Number.POSITIVE_INFINITY,
      0,
    );
  }

  /** The number of a place with another rotation. */
  rotating(place: number, rotatesAtMs: number): number {
    if (this.rotatesAtMs[place] === rotatesAtMs) return place;
    const { operator, region, access } = this;
    return this.#number(
      operator[place] as number,
      region[place] as number,
      access[place] as number,
      rotatesAtMs,
      place,
    );
  }

  /** The number of what is told by numbers of words; `fallback` where there is no number left. */
  #number(operator: number, region: number, access: number, rotatesAtMs: number, fallback: number): number {
    let rotation = this.#rotations.get(rotatesAtMs);
    if (rotation === undefined) {
      rotation = this.#rotations.size;
      this.#rotations.set(rotatesAtMs, rotation);
    }
    const key = ((rotation * MAX_ACCESSES + access) * MAX_PLACES + region) * MAX_PLACES + operator;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.operator.length;
    if (number === MAX_PLACES) return fallback;
    const pair = operator * MAX_PLACES + region;
    let network = this.#networks.get(pair);
    if (network === undefined) {
      network = this.#networks.size;
      this.#networks.set(pair, network);
    }
    this.#numbers.set(key, number);
    this.operator.push(operator);
    this.region.push(region);
    this.access.push(access);
    this.rotatesAtMs.push(rotatesAtMs);
    this.network.push(network);
    return number;
  }
}
