import type { DecoderOptions, FlowSink } from "@v6meter/netflow";
import { createDecoder, type Decoder } from "@v6meter/netflow";
import type { Random } from "@v6meter/random";
import { createFlowBatch, DECODED_FIELDS, FIELDS, resetFlowBatch, WIDTHS } from "@v6meter/schemas";
import type { FuzzDatagram } from "./datagram.ts";

const BATCH_ROWS = 2_048;
const SURROUNDING_BYTES = 64;
const MAX_DATAGRAM_BYTES = 65_535;
/** FNV-1a's prime, over 32-bit words. */
const HASH_PRIME = 0x01000193;

/**
 * A decoder under test with its sink. Each datagram lies between bytes of one value, so that two subjects
 * with different values tell a read past the datagram's ends by decoding something else.
 */
export class FuzzSubject {
  readonly sink: FlowSink;
  decoder: Decoder;
  /** Rows taken off the sink since the decoder was made. */
  #takenRows = 0;
  /** A digest of every row taken so far. */
  #digest = 0;
  readonly #options: Partial<DecoderOptions>;
  readonly #state = new Map<string, Uint8Array>();
  readonly #memory: Uint8Array;
  readonly #surrounding: number;
  readonly #exporter = new Uint8Array(16);

  constructor(options: Partial<DecoderOptions>, surrounding: number) {
    this.#options = options;
    this.#surrounding = surrounding;
    this.#memory = new Uint8Array(MAX_DATAGRAM_BYTES + 2 * SURROUNDING_BYTES).fill(surrounding);
    // 192.0.2.n, the last octet set for each datagram.
    this.#exporter.set([0xff, 0xff, 192, 0, 2], 10);
    this.decoder = createDecoder(options);
    this.sink = {
      batch: createFlowBatch(BATCH_ROWS),
      full: () => {
        this.take();
        return this.sink.batch;
      },
    };
  }

  decode({ payload, exporter, sourcePort }: FuzzDatagram, nowMs: number): void {
    const end = SURROUNDING_BYTES + payload.length;
    this.#memory.set(payload, SURROUNDING_BYTES);
    this.#memory.fill(this.#surrounding, end, end + SURROUNDING_BYTES);
    this.#exporter[15] = exporter;
    this.decoder.decode(this.#memory.subarray(SURROUNDING_BYTES, end), this.#exporter, sourcePort, nowMs, this.sink);
  }

  /** Rows made since the decoder was made. */
  get rows(): number {
    return this.#takenRows + this.sink.batch.rows;
  }

  get digest(): number {
    return this.#digest;
  }

  /** Empties the sink into the digest; says what is wrong with it. */
  take(): string[] {
    const { batch } = this.sink;
    const faults = batch.rows > batch.capacity ? [`${batch.rows} rows in a batch of ${batch.capacity}`] : [];
    this.#takenRows += batch.rows;
    for (const name of DECODED_FIELDS) {
      const column = batch.columns[name];
      const used = batch.rows * WIDTHS[FIELDS[name].kind];
      let digest = this.#digest;
      for (let i = 0; i < used; i++) digest = Math.imul(digest ^ (column[i] as number), HASH_PRIME);
      this.#digest = digest;
      for (let i = used; i < column.length; i++)
        if (column[i] !== 0) {
          faults.push(`${name} of an unused row is ${column[i]}`);
          column.fill(0, used);
        }
    }
    resetFlowBatch(batch);
    return faults;
  }

  /** Keeps the state of the exporters that changed, as a collector does. */
  keepState(): void {
    for (const [exporter, state] of this.decoder.takeState()) {
      if (state === null) this.#state.delete(exporter);
      else this.#state.set(exporter, Uint8Array.from(state));
    }
  }

  /** Replaces the decoder by one that takes up the kept state; returns how many entries it could not read. */
  restart(): number {
    this.decoder = createDecoder(this.#options);
    this.#takenRows = 0;
    this.decoder.restore(this.#state);
    return this.decoder.totals.unreadableStates;
  }

  /** Gives the kept state, damaged in every entry, to a decoder of no further use, with a datagram after it. */
  restoreDamaged(random: Random, datagram: FuzzDatagram, nowMs: number): void {
    const damaged = new Map(
      [...this.#state].map(([exporter, state]) => {
        const bytes = Uint8Array.from(state);
        for (let n = 1 + random.below(4); n > 0 && bytes.length > 0; n--)
          bytes[random.below(bytes.length)] = random.pick([0, 0xff, random.below(256)]);
        return [exporter, random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes];
      }),
    );
    const { decoder } = this;
    this.decoder = createDecoder(this.#options);
    try {
      this.decoder.restore(damaged);
      for (let exporter = 0; exporter < 48; exporter++) this.decode({ ...datagram, exporter }, nowMs);
      this.decoder.expire(nowMs);
      this.decoder.takeLedger();
      this.decoder.takeStatus();
      this.decoder.takeState();
    } finally {
      this.decoder = decoder;
      resetFlowBatch(this.sink.batch);
    }
  }
}
