import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { decodeFlows } from "@v6meter/batch";
import type { Bus } from "@v6meter/bus";
import { addressText, type LedgerDelta, TOPICS } from "@v6meter/schemas";
import { receiverHasRoom } from "@v6meter/sockets";

const RECORDS = 3;
const TEMPLATE_ID = 300;

function v9(sequence: number, set: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(9, 0);
  header.writeUInt16BE(1, 2);
  header.writeUInt32BE(3_600_000, 4);
  header.writeUInt32BE(Math.floor(Date.now() / 1_000), 8);
  header.writeUInt32BE(sequence, 12);
  header.writeUInt32BE(7, 16);
  return Buffer.concat([header, set]);
}

function set(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(4 + body.length, 2);
  return Buffer.concat([header, body]);
}

/** Source, target, octets, packets. */
function template(): Buffer {
  const words = [TEMPLATE_ID, 4, 8, 4, 12, 4, 1, 4, 2, 4];
  const body = Buffer.alloc(words.length * 2);
  for (const [i, word] of words.entries()) body.writeUInt16BE(word, i * 2);
  return set(0, body);
}

function data(first: number): Buffer {
  const body = Buffer.alloc(RECORDS * 16);
  for (let i = 0; i < RECORDS; i++) {
    body.writeUInt32BE(0x0a000001, i * 16);
    body.writeUInt32BE(0x0a000002, i * 16 + 4);
    body.writeUInt32BE(first + i, i * 16 + 8);
    body.writeUInt32BE(1, i * 16 + 12);
  }
  return set(TEMPLATE_ID, body);
}

interface FleetExporter {
  readonly address: string;
  readonly ports: { socket: Socket; sequence: number }[];
  /** Octets of the next record: every record of an exporter has its own. */
  next: number;
  datagrams: number;
}

/** Routers on 127.77.0.0/16 that send NetFlow v9 from two ports each, and their template once, from the first port. */
export class Fleet {
  readonly exporters: FleetExporter[] = [];
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async open(count: number, port: number): Promise<Fleet> {
    const fleet = new Fleet(port);
    for (let i = 0; i < count; i++) {
      const address = `127.77.${i >> 7}.${(i & 127) + 1}`;
      const ports = [];
      for (let at = 0; at < 2; at++) {
        const socket = createSocket("udp4");
        socket.bind({ address, port: 0 });
        await once(socket, "listening");
        ports.push({ socket, sequence: 0 });
      }
      fleet.exporters.push({ address, ports, next: 1, datagrams: 0 });
    }
    return fleet;
  }

  async #send(exporter: FleetExporter, at: number, body: Buffer): Promise<void> {
    const port = exporter.ports[at] as FleetExporter["ports"][number];
    const datagram = v9(port.sequence++, body);
    exporter.datagrams++;
    await new Promise<void>((resolve, reject) => {
      port.socket.send(datagram, this.#port, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });
  }

  async sendTemplates(): Promise<void> {
    await Promise.all(this.exporters.map((exporter) => this.#send(exporter, 0, template())));
  }

  /** A datagram from each port of each exporter, `rounds` times. */
  async sendData(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const at of [0, 1]) {
        await Promise.all(
          this.exporters.map((exporter) => {
            const first = exporter.next;
            exporter.next += RECORDS;
            return this.#send(exporter, at, data(first));
          }),
        );
        await receiverHasRoom(this.#port);
      }
    }
  }

  close(): void {
    for (const { ports } of this.exporters) for (const { socket } of ports) socket.close();
  }
}

/** What a bus has of each exporter: its rows by their octets, and the books. */
export class Harvest {
  readonly #rows = new Map<string, number[]>();
  readonly #books = new Map<string, number>();
  total = 0;

  /** Reads and commits everything the bus has. */
  async reap(bus: Bus): Promise<void> {
    const consumer = await bus.consumer({ topic: TOPICS.flows.name, group: "harvest" });
    for (;;) {
      const delivery = await consumer.receive({ maxMessages: 1_000, maxBytes: 50_000_000, waitMs: 0 });
      if (!delivery) break;
      for (const { value } of delivery.messages) this.#read(value);
      await consumer.begin(delivery);
      await consumer.commit(delivery);
    }
    await consumer.stop();
  }

  #read(value: Uint8Array): void {
    const { batches, books } = decodeFlows(value);
    for (const { exporter, stage, outcome, reason, count } of books.ledger)
      this.#book(exporter, stage, outcome, reason, count);
    for (const { rows, columns } of batches) {
      this.total += rows;
      for (let row = 0; row < rows; row++) {
        const exporter = addressText(columns.exporter, row * 16);
        const octets = columns.bytes[row * 2] as number;
        const known = this.#rows.get(exporter);
        if (known) known.push(octets);
        else this.#rows.set(exporter, [octets]);
      }
    }
  }

  #book(exporter: string, stage: string, outcome: string, reason: string, count: number): void {
    for (const key of [`${exporter} ${stage} ${outcome}`, `${stage} ${outcome}`, `${stage} ${outcome} ${reason}`])
      this.#books.set(key, (this.#books.get(key) ?? 0) + count);
  }

  rowsOf(exporter: string): readonly number[] {
    return this.#rows.get(exporter) ?? [];
  }

  /** A line of the books, of one exporter or of all. */
  booked(stage: LedgerDelta["stage"], outcome: LedgerDelta["outcome"], exporter?: string): number {
    return this.#books.get(`${exporter === undefined ? "" : `${exporter} `}${stage} ${outcome}`) ?? 0;
  }

  dropped(stage: LedgerDelta["stage"], reason: string): number {
    return this.#books.get(`${stage} dropped ${reason}`) ?? 0;
  }

  /** Received less forwarded, held and dropped. */
  imbalance(stage: LedgerDelta["stage"]): number {
    return (
      this.booked(stage, "received") -
      this.booked(stage, "forwarded") -
      this.booked(stage, "held") -
      this.booked(stage, "dropped")
    );
  }
}

export { RECORDS as RECORDS_PER_DATAGRAM };
