import { Random } from "@v6meter/random";
import { V9_HEADER_BYTES, v9FlowSet, v9Header } from "../v9-packet.ts";
import { DIRECTION, IPV6_FIELDS } from "../workload.ts";

const RECORDS = 15;

/** Of every layout, which differ in their order; without the direction. */
const FIELDS = IPV6_FIELDS.filter(([element]) => element !== DIRECTION);

/** Datagrams of NetFlow v9 whose records may be laid out in many ways, all of one length and with the same fields. */
export interface LayoutWorkload {
  readonly recordsPerDatagram: number;
  /** Where the sequence number stands. */
  readonly sequenceAt: number;
  /** The datagram that tells a template of a layout. */
  template(layout: number, id: number): Buffer;
  /** One of the datagrams, its set of a template's id; the same memory every time. */
  datagram(id: number, index: number): Buffer;
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const order = [...list];
  for (let i = order.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [order[i], order[other]] = [order[other] as T, order[i] as T];
  }
  return order;
}

/** Seeded layouts, each another order of the fields, and seeded datagrams of random values. */
export function layoutWorkload(seed: number, layouts: number, datagrams: number): LayoutWorkload {
  const random = new Random(seed);
  const orders = new Map<string, Buffer>();
  while (orders.size < layouts) {
    const words = shuffled(random, FIELDS).flat();
    const bytes = Buffer.alloc(words.length * 2);
    for (const [i, word] of words.entries()) bytes.writeUInt16BE(word, i * 2);
    orders.set(bytes.toString("latin1"), bytes);
  }
  const fields = [...orders.values()];
  const recordBytes = FIELDS.reduce((sum, [, length]) => sum + length, 0);
  const pool = Array.from({ length: datagrams }, () =>
    Buffer.concat([v9Header(RECORDS), v9FlowSet(0, Buffer.from(random.bytes(RECORDS * recordBytes)))]),
  );
  return {
    recordsPerDatagram: RECORDS,
    sequenceAt: 12,
    template(layout, id) {
      const head = Buffer.alloc(4);
      head.writeUInt16BE(id, 0);
      head.writeUInt16BE(FIELDS.length, 2);
      return Buffer.concat([v9Header(1), v9FlowSet(0, Buffer.concat([head, fields[layout] as Buffer]))]);
    },
    datagram(id, index) {
      const bytes = pool[index] as Buffer;
      bytes.writeUInt16BE(id, V9_HEADER_BYTES);
      return bytes;
    },
  };
}
