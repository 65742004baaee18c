import {
  addressBytes,
  addressText,
  createFlowBatch,
  type FlowBatch,
  getBigU64,
  type LedgerDelta,
} from "@v6meter/schemas";
import { createDecoder, type Decoder, type DecoderOptions, type FlowSink } from "./index.ts";

/*
 * Messages made by hand, byte by byte from the RFCs, and a decoder with a sink to give them to. Nothing
 * here uses the decoder's own readers.
 */

/** An element and its length; an enterprise number makes it an enterprise element. */
export type FieldSpec = readonly [element: number, length: number, enterprise?: number];

/** A big-endian unsigned integer of any length. */
export function uint(value: number | bigint, length: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value), i = 0; i < length; i++, rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return bytes;
}

/** An address as the bytes of its element. */
export function ip(text: string): number[] {
  const bytes = [...(addressBytes(text) as Uint8Array)];
  return text.includes(":") ? bytes : bytes.slice(12);
}

/** A set of v9 or IPFIX with its id and length. */
export function set(id: number, ...content: number[][]): number[] {
  const body = content.flat();
  return [...uint(id, 2), ...uint(body.length + 4, 2), ...body];
}

function specifiers(fields: readonly FieldSpec[]): number[] {
  return fields.flatMap(([element, length, enterprise]) =>
    enterprise === undefined
      ? [...uint(element, 2), ...uint(length, 2)]
      : [...uint(element | 0x8000, 2), ...uint(length, 2), ...uint(enterprise, 4)],
  );
}

/** A template record. */
export function template(id: number, fields: readonly FieldSpec[]): number[] {
  return [...uint(id, 2), ...uint(fields.length, 2), ...specifiers(fields)];
}

/** An options template record of IPFIX. */
export function optionsTemplate(id: number, scope: readonly FieldSpec[], fields: readonly FieldSpec[]): number[] {
  return [
    ...uint(id, 2),
    ...uint(scope.length + fields.length, 2),
    ...uint(scope.length, 2),
    ...specifiers([...scope, ...fields]),
  ];
}

/** An options template record of v9. */
export function optionsTemplateV9(id: number, scope: readonly FieldSpec[], fields: readonly FieldSpec[]): number[] {
  return [
    ...uint(id, 2),
    ...uint(scope.length * 4, 2),
    ...uint(fields.length * 4, 2),
    ...specifiers([...scope, ...fields]),
  ];
}

/** When every message here is exported and received, unless said otherwise. */
export const NOW_MS = Date.UTC(2026, 0, 15, 8);

interface HeaderValues {
  sequence?: number;
  domain?: number;
  exportS?: number;
  uptimeMs?: number;
}

let unique = 0;

/** A v9 message; sequence numbers go up by themselves. */
export function v9(sets: number[][], values: HeaderValues = {}): Uint8Array {
  const { sequence = unique++, domain = 1, exportS = NOW_MS / 1000, uptimeMs = 3_600_000 } = values;
  return Uint8Array.from([
    ...uint(9, 2),
    ...uint(sets.length, 2),
    ...uint(uptimeMs, 4),
    ...uint(exportS, 4),
    ...uint(sequence, 4),
    ...uint(domain, 4),
    ...sets.flat(),
  ]);
}

/** An IPFIX message. */
export function ipfix(sets: number[][], values: HeaderValues = {}): Uint8Array {
  const { sequence = unique++, domain = 1, exportS = NOW_MS / 1000 } = values;
  const body = sets.flat();
  return Uint8Array.from([
    ...uint(10, 2),
    ...uint(16 + body.length, 2),
    ...uint(exportS, 4),
    ...uint(sequence, 4),
    ...uint(domain, 4),
    ...body,
  ]);
}

/** The header of a v1, v5 or v7 datagram and its records. */
export function legacy(
  version: 1 | 5 | 7,
  records: number[][],
  values: HeaderValues & { count?: number; engine?: number; sampling?: number } = {},
): Uint8Array {
  const { sequence = unique++, exportS = NOW_MS / 1000, uptimeMs = 3_600_000, engine = 0, sampling = 0 } = values;
  const tail = version === 1 ? [] : [...uint(sequence, 4), ...uint(engine, 2), ...uint(sampling, 2)];
  return Uint8Array.from([
    ...uint(version, 2),
    ...uint(values.count ?? records.length, 2),
    ...uint(uptimeMs, 4),
    ...uint(exportS, 4),
    ...uint(0, 4),
    ...tail,
    ...records.flat(),
  ]);
}

/** A v5 record, or of v7 with its four bytes more. */
export function legacyRecord(
  values: { bytes?: number; firstMs?: number; lastMs?: number; inIf?: number } = {},
): number[] {
  const { bytes = 1_500, firstMs = 3_590_000, lastMs = 3_595_000, inIf = 3 } = values;
  return [
    ...ip("10.1.2.3"),
    ...ip("192.0.2.7"),
    ...ip("10.0.0.1"),
    ...uint(inIf, 2),
    ...uint(4, 2),
    ...uint(2, 4),
    ...uint(bytes, 4),
    ...uint(firstMs, 4),
    ...uint(lastMs, 4),
    ...uint(40_000, 2),
    ...uint(443, 2),
    0,
    0x1b,
    6,
    0x28,
    ...uint(65_001, 2),
    ...uint(4_134, 2),
    24,
    16,
    0,
    0,
  ];
}

/** An address and two counters: enough of a flow where the rest does not matter. */
export const SMALL: readonly FieldSpec[] = [
  [8, 4],
  [12, 4],
  [1, 4],
  [2, 4],
];

/** A record of SMALL. */
export function small(bytes = 100, packets = 1, source = "10.0.0.1"): number[] {
  return [...ip(source), ...ip("10.0.0.2"), ...uint(bytes, 4), ...uint(packets, 4)];
}

/** A decoder whose rows and books can be read. */
export class Subject implements FlowSink {
  readonly decoder: Decoder;
  batch: FlowBatch;
  readonly filled: FlowBatch[] = [];
  readonly ledger: LedgerDelta[] = [];
  readonly #capacity: number;

  constructor(options: Partial<DecoderOptions> = {}, capacity = 1_024) {
    this.decoder = createDecoder(options);
    this.#capacity = capacity;
    this.batch = createFlowBatch(capacity);
  }

  full(): FlowBatch {
    this.filled.push(this.batch);
    this.batch = createFlowBatch(this.#capacity);
    return this.batch;
  }

  /** Gives datagrams to the decoder, all from one exporter unless said otherwise. */
  give(
    datagrams: Uint8Array | Uint8Array[],
    { exporter = "192.0.2.1", port = 2_000, atMs = NOW_MS }: { exporter?: string; port?: number; atMs?: number } = {},
  ): this {
    for (const datagram of Array.isArray(datagrams) ? datagrams : [datagrams])
      this.decoder.decode(datagram, addressBytes(exporter) as Uint8Array, port, atMs, this);
    return this;
  }

  get rows(): number {
    return this.filled.reduce((sum, { rows }) => sum + rows, this.batch.rows);
  }

  /** A column of all rows of the present batch: numbers, bigints of counters and times, texts of addresses. */
  column(name: keyof FlowBatch["columns"]): (number | string)[] {
    const column = this.batch.columns[name];
    return Array.from({ length: this.batch.rows }, (_, row) => {
      if (column instanceof Uint8Array && column.length === this.batch.capacity * 16)
        return addressText(column, row * 16);
      if (column instanceof Uint32Array && column.length === this.batch.capacity * 2)
        return Number(getBigU64(column, row));
      return column[row] as number;
    });
  }

  /** The sum of an outcome in the books, over all exporters. */
  booked(stage: "receive" | "decode", outcome: LedgerDelta["outcome"], reason = ""): number {
    this.ledger.push(...this.decoder.takeLedger());
    return this.ledger
      .filter((it) => it.stage === stage && it.outcome === outcome && (reason === "" || it.reason === reason))
      .reduce((sum, { count }) => sum + count, 0);
  }

  /** Received less forwarded, held and dropped, of both stages; a balanced book says 0 and 0. */
  imbalance(): [receive: number, decode: number] {
    const of = (stage: "receive" | "decode") =>
      this.booked(stage, "received") -
      this.booked(stage, "forwarded") -
      this.booked(stage, "held") -
      this.booked(stage, "dropped");
    return [of("receive"), of("decode")];
  }
}
