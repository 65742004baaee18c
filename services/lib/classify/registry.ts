import type {
  AccessType,
  ObservationPoint,
  RegistryInterface,
  RegistryRegion,
  SpecialKind,
  SubscriberPool,
} from "@v6meter/schemas";
import type { Prefix } from "./prefix.ts";

/** Where an entry stands, for messages. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** True for the registry that comes with the program. */
  readonly builtIn: boolean;
}

export interface Operator {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  readonly asns: readonly number[];
  /** Bits of the IPv6 prefix one subscriber holds, by access type; 64 where not given. */
  readonly subscriberPrefixLengths: Readonly<Partial<Record<AccessType, number>>>;
}

/** A row of the prefix tables; what is undefined the row does not say. */
export interface PrefixEntry {
  readonly prefix: Prefix;
  readonly operator: string | undefined;
  readonly region: string | undefined;
  readonly access: AccessType | undefined;
  /** First moment in force, ms since 1970-01-01 UTC; -Infinity when always. */
  readonly validFromMs: number;
  /** First moment no longer in force; Infinity when open. */
  readonly validToMs: number;
  readonly subscriberPrefixLength: number | undefined;
  readonly subscriberPool: SubscriberPool | undefined;
  /** Rows of the operators' own tables go before the built-in ones, whatever their lengths. */
  readonly place: Place;
}

export interface Exporter {
  readonly prefix: Prefix;
  readonly name: string | undefined;
  readonly region: string | undefined;
  readonly operator: string | undefined;
  readonly access: AccessType | undefined;
  readonly observationPoint: ObservationPoint | undefined;
  /** One packet in this many; 0 when not declared. */
  readonly samplingRate: number;
  readonly interfaces: ReadonlyMap<number, RegistryInterface>;
}

export interface SpecialRange {
  readonly prefix: Prefix;
  readonly kind: SpecialKind;
}

/** What a prefix of `transition.yaml` says of an address within it. */
export const TRANSITION_ROLES = [
  "ds_lite_aftr",
  "map_e_br",
  "srv6_sids",
  "map_t_rules",
  "464xlat_plat",
  "nat64_prefixes",
  "6to4_prefixes",
  "6to4_relays",
  "teredo_prefixes",
  "6rd_prefixes",
  "6rd_br",
] as const;
export type TransitionRole = (typeof TRANSITION_ROLES)[number];

export interface TransitionRange {
  readonly prefix: Prefix;
  readonly role: TransitionRole;
}

/** Everything the classifier knows beside the records: plain data, valid as a whole. */
export interface Registry {
  /** 12 hexadecimal digits over the contents of the files it was read from. */
  readonly version: string;
  readonly regions: readonly RegistryRegion[];
  readonly operators: readonly Operator[];
  readonly prefixes: readonly PrefixEntry[];
  readonly exporters: readonly Exporter[];
  readonly special: readonly SpecialRange[];
  readonly transition: readonly TransitionRange[];
}
