import type { FlowLabels, SubscriberPool } from "@v6meter/schemas";
import type { Prefix } from "./prefix.ts";
import { PrefixTrie } from "./prefix-trie.ts";
import { type PrefixEntry, type Registry, TRANSITION_ROLES, type TransitionRole } from "./registry.ts";
import { numbersOf } from "./registry-labels.ts";
import { accessIndex } from "./vocabulary-index.ts";

/** Kinds of `special` of a class of addresses. */
export const NOT_SPECIAL = 0;
export const SPECIAL = 1;
export const PRIVATE = 2;

/** The bit of a transition role in a class of addresses. */
export function roleBit(role: TransitionRole): number {
  return 1 << TRANSITION_ROLES.indexOf(role);
}

/** What one table says of an address; what is 0 it does not say. */
interface Said {
  readonly operator: number;
  readonly region: number;
  readonly access: number;
  readonly length: number;
  readonly pool: SubscriberPool | null;
}

const NOTHING: Said = { operator: 0, region: 0, access: 0, length: 0, pool: null };

/** All that the registry says of a set of addresses. */
interface AddressClass {
  /** The operators' own tables. */
  readonly own: Said;
  readonly builtIn: Said;
  readonly special: number;
  readonly roles: number;
}

/** Access types of subscribers; an address in a data centre or of unknown access is none. */
const SUBSCRIBER_ACCESS = (["mobile", "fixed", "iot", "enterprise"] as const).map(accessIndex);

interface Epoch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly v4: PrefixTrie;
  readonly v6: PrefixTrie;
}

/** Epochs kept compiled: late records alternate between two, more are rare. */
const EPOCHS_KEPT = 4;

/**
 * Everything that is known of addresses, compiled: prefix tables, special ranges and transition
 * prefixes, so that one look-up an address tells all. A look-up gives the number of a class of
 * addresses; the columns say what it is. Class 0 is an address of which nothing is known.
 *
 * Prefix tables are effective-dated: they are compiled for each span of time in which no row begins or
 * ends, when it is needed. Numbers of classes stay the same over spans.
 */
export class AddressTable {
  operator = new Uint16Array(256);
  region = new Uint16Array(256);
  access = new Uint8Array(256);
  /** 1 where the address is a subscriber's of this province. */
  subscriber = new Uint8Array(256);
  /** Bits of the prefix one subscriber holds as the prefix table says; 0 where it does not. */
  subscriberPrefixLength = new Uint8Array(256);
  /** 1 where an address is none of a subscriber's own prefix: its pool is `wan`. */
  shared = new Uint8Array(256);
  special = new Uint8Array(256);
  /** Bits of transition roles, see roleBit. */
  roles = new Uint16Array(256);

  /** The span the tries are compiled for: from (inclusive) to (exclusive), ms. */
  fromMs = Number.POSITIVE_INFINITY;
  toMs = Number.NEGATIVE_INFINITY;
  v4 = new PrefixTrie();
  v6 = new PrefixTrie();

  readonly #registry: Registry;
  readonly #labels: FlowLabels;
  readonly #boundaries: readonly number[];
  readonly #epochs: Epoch[] = [];
  readonly #classes: AddressClass[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(registry: Registry, labels: FlowLabels) {
    this.#registry = registry;
    this.#labels = labels;
    const moments = registry.prefixes.flatMap(({ validFromMs, validToMs }) => [validFromMs, validToMs]);
    this.#boundaries = [...new Set([Number.NEGATIVE_INFINITY, ...moments, Number.POSITIVE_INFINITY])].sort((a, b) =>
      a < b ? -1 : 1,
    );
    this.#numberOf({ own: NOTHING, builtIn: NOTHING, special: NOT_SPECIAL, roles: 0 });
  }

  /** Makes the tries those of a moment. */
  select(atMs: number): void {
    let epoch = this.#epochs.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
    if (epoch === undefined) {
      epoch = this.#compile(atMs);
      this.#epochs.unshift(epoch);
      this.#epochs.length = Math.min(this.#epochs.length, EPOCHS_KEPT);
    }
    this.fromMs = epoch.fromMs;
    this.toMs = epoch.toMs;
    this.v4 = epoch.v4;
    this.v6 = epoch.v6;
  }

  #compile(atMs: number): Epoch {
    const after = this.#boundaries.findIndex((moment) => moment > atMs);
    const epoch = {
      fromMs: this.#boundaries[after - 1] as number,
      toMs: this.#boundaries[after] as number,
      v4: new PrefixTrie(),
      v6: new PrefixTrie(),
    };
    const changes = this.#changesAt(atMs).sort((a, b) => a.prefix.length - b.prefix.length);
    for (const { prefix, change } of changes) {
      const trie = prefix.ipVersion === 4 ? epoch.v4 : epoch.v6;
      // Shorter prefixes are in the trie already: what it says now is what holds around this one.
      const around = this.#classes[trie.lookup(prefix.bytes, 0)] as AddressClass;
      trie.insert(prefix.bytes, prefix.length, this.#numberOf(change(around)));
    }
    return epoch;
  }

  /** What each prefix changes in the class of the addresses around it. */
  #changesAt(atMs: number): { prefix: Prefix; change(around: AddressClass): AddressClass }[] {
    const { prefixes, special, transition } = this.#registry;
    const region = numbersOf(this.#labels.region);
    const operator = numbersOf(this.#labels.operator);
    const said = (entry: PrefixEntry, around: Said): Said => ({
      operator: operator(entry.operator) || around.operator,
      region: region(entry.region) || around.region,
      access: accessIndex(entry.access) || around.access,
      length: entry.subscriberPrefixLength ?? around.length,
      pool: entry.subscriberPool ?? around.pool,
    });
    return [
      ...prefixes
        .filter(({ validFromMs, validToMs }) => validFromMs <= atMs && atMs < validToMs)
        .map((entry) => ({
          prefix: entry.prefix,
          change: (around: AddressClass) =>
            entry.place.builtIn
              ? { ...around, builtIn: said(entry, around.builtIn) }
              : { ...around, own: said(entry, around.own) },
        })),
      ...special.map(({ prefix, kind }) => ({
        prefix,
        change: (around: AddressClass) => ({
          ...around,
          special: kind === "special" ? SPECIAL : kind === "private" ? PRIVATE : NOT_SPECIAL,
        }),
      })),
      ...transition.map(({ prefix, role }) => ({
        prefix,
        change: (around: AddressClass) => ({ ...around, roles: around.roles | roleBit(role) }),
      })),
    ];
  }

  #numberOf(addresses: AddressClass): number {
    const key = JSON.stringify(addresses);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#classes.push(addresses) - 1;
    this.#numbers.set(key, number);
    if (number >= this.operator.length) this.#grow();
    const { own, builtIn } = addresses;
    this.operator[number] = own.operator || builtIn.operator;
    this.region[number] = own.region || builtIn.region;
    const access = own.access || builtIn.access;
    this.access[number] = access;
    this.subscriber[number] = Number(this.region[number] !== 0 && SUBSCRIBER_ACCESS.includes(access));
    this.subscriberPrefixLength[number] = own.length || builtIn.length;
    this.shared[number] = Number((own.pool ?? builtIn.pool) === "wan");
    this.special[number] = addresses.special;
    this.roles[number] = addresses.roles;
    return number;
  }

  #grow(): void {
    const grown = <T extends Uint8Array | Uint16Array>(column: T, next: T): T => {
      next.set(column);
      return next;
    };
    const size = this.operator.length * 2;
    this.operator = grown(this.operator, new Uint16Array(size));
    this.region = grown(this.region, new Uint16Array(size));
    this.access = grown(this.access, new Uint8Array(size));
    this.subscriber = grown(this.subscriber, new Uint8Array(size));
    this.subscriberPrefixLength = grown(this.subscriberPrefixLength, new Uint8Array(size));
    this.shared = grown(this.shared, new Uint8Array(size));
    this.special = grown(this.special, new Uint8Array(size));
    this.roles = grown(this.roles, new Uint16Array(size));
  }
}
