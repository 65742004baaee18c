import { TECHNOLOGIES, type Technology } from "@v6meter/schemas";

/** Traffic of one kind: one region, operator, access type, family and technology. */
export interface TruthCell {
  readonly region: string;
  readonly operator: string;
  readonly access: string;
  /** IP version of the exported addresses, the innermost ones: 4 for 6in4, 6 for DS-Lite. */
  readonly family: 4 | 6;
  readonly technology: Technology;
  readonly records: number;
  /** As exported. */
  readonly bytes: bigint;
  readonly packets: bigint;
  /** Times the sampling rate where the router tells it; as exported where it does not. */
  readonly scaledBytes: bigint;
  readonly scaledPackets: bigint;
  /** The part of scaledBytes whose sampling rate the router does not tell. */
  readonly unknownSamplingBytes: bigint;
}

/** What one router sent. */
export interface TruthRouter {
  readonly name: string;
  /** The address it sent from. */
  readonly exporter: string;
  readonly version: 5 | 9 | 10;
  /** One packet in so many; 0 where the router does not tell it. */
  readonly samplingRate: number;
  readonly clockOffsetMs: number;
  /** Sent, those with templates only among them. */
  readonly datagrams: number;
  readonly templateDatagrams: number;
  readonly records: number;
  /** Options records sent. */
  readonly optionsRecords: number;
  readonly bytes: bigint;
  readonly packets: bigint;
  /** Got a sequence number but were not sent: what a collector must call lost. */
  readonly withheld: { readonly datagrams: number; readonly records: number };
  readonly restarts: number;
}

/** What was really sent: written by the generator, never read back from what was encoded. */
export interface Truth {
  readonly scenario: string;
  readonly seed: number;
  /** Flow records sent. */
  readonly records: number;
  /** Rows a collector should end up with. */
  readonly rows: number;
  readonly datagrams: number;
  readonly bytes: bigint;
  readonly packets: bigint;
  readonly scaledBytes: bigint;
  readonly scaledPackets: bigint;
  readonly cells: readonly TruthCell[];
  readonly routers: readonly TruthRouter[];
}

/** IPv6 over all traffic, as the platform defines it: sums over sums, excluded traffic in neither. */
export interface TruthShare {
  v6Bytes: bigint;
  totalBytes: bigint;
  /** v6Bytes / totalBytes; null where there is no traffic. */
  share: number | null;
}

/** Shares by a key of the cells; a null key leaves a cell out. */
export function truthShares(truth: Truth, keyOf: (cell: TruthCell) => string | null): Map<string, TruthShare> {
  const shares = new Map<string, TruthShare>();
  for (const cell of truth.cells) {
    const key = keyOf(cell);
    if (key === null) continue;
    const rule = TECHNOLOGIES[cell.technology].counts_as;
    const countsAs = rule === "auto" ? (cell.family === 6 ? "v6_native" : "v4") : rule;
    const sum = shares.get(key) ?? { v6Bytes: 0n, totalBytes: 0n, share: null };
    if (countsAs !== "excluded") sum.totalBytes += cell.scaledBytes;
    if (countsAs === "v6_native" || countsAs === "v6_transition") sum.v6Bytes += cell.scaledBytes;
    sum.share = sum.totalBytes > 0n ? Number((sum.v6Bytes * 1_000_000_000n) / sum.totalBytes) / 1e9 : null;
    shares.set(key, sum);
  }
  return shares;
}

/** JSON of a truth: integers of 64 bits as strings. */
export function truthJson(truth: Truth): string {
  return JSON.stringify(truth, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}
