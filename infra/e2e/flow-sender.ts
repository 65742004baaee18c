import { createSocket, type Socket } from "node:dgram";
import type { HostPort } from "@v6meter/schemas";

/** Records of each datagram. */
export const RECORDS = 20;
const TEMPLATE_ID = 256;
/** Element and length of each field: source and destination (27, 28), ports (7, 11), protocol, octets, packets. */
const FIELDS = [
  [27, 16],
  [28, 16],
  [7, 2],
  [11, 2],
  [4, 1],
  [1, 4],
  [2, 4],
] as const;
const RECORD_BYTES = FIELDS.reduce((sum, [, length]) => sum + length, 0);

function templateSet(): Buffer {
  const set = Buffer.alloc(8 + FIELDS.length * 4);
  set.writeUInt16BE(0, 0);
  set.writeUInt16BE(set.length, 2);
  set.writeUInt16BE(TEMPLATE_ID, 4);
  set.writeUInt16BE(FIELDS.length, 6);
  for (const [i, [element, length]] of FIELDS.entries()) {
    set.writeUInt16BE(element, 8 + i * 4);
    set.writeUInt16BE(length, 10 + i * 4);
  }
  return set;
}

/**
 * An exporter of NetFlow v9 (RFC 3954) by hand, whose every record can be told from every other: the last
 * eight octets of its source address are its number. Octets of a record are 100 + its number % 1000.
 */
export class FlowSender {
  readonly #socket: Socket;
  readonly #to: HostPort;
  readonly #startedAt = Date.now();
  /** Datagrams handed to the kernel, and so the next sequence number. */
  datagrams = 0;
  records = 0;

  private constructor(socket: Socket, to: HostPort) {
    this.#socket = socket;
    this.#to = to;
  }

  /** Opens a sender with a source address of its own (127.x.y.z). */
  static async open(address: string, to: HostPort): Promise<FlowSender> {
    const socket = createSocket("udp4");
    // With nobody listening the kernel answers "refused"; an exporter does not mind.
    socket.on("error", () => {});
    await new Promise<void>((resolve) => socket.bind({ address, port: 0 }, resolve));
    return new FlowSender(socket, to);
  }

  #next(): Buffer {
    const now = Date.now();
    const header = Buffer.alloc(20);
    header.writeUInt16BE(9, 0);
    header.writeUInt16BE(RECORDS + 1, 2);
    header.writeUInt32BE(now - this.#startedAt, 4);
    header.writeUInt32BE(Math.floor(now / 1000), 8);
    header.writeUInt32BE(this.datagrams, 12);
    header.writeUInt32BE(7, 16);
    const data = Buffer.alloc(4 + RECORDS * RECORD_BYTES);
    data.writeUInt16BE(TEMPLATE_ID, 0);
    data.writeUInt16BE(data.length, 2);
    for (let i = 0, at = 4; i < RECORDS; i++, at += RECORD_BYTES) {
      const number = this.records + i;
      data.writeUInt32BE(0x240e030c, at);
      data.writeBigUInt64BE(BigInt(number), at + 8);
      data.writeUInt32BE(0x24088000, at + 16);
      data.writeUInt16BE(443, at + 34);
      data.writeUInt8(6, at + 36);
      data.writeUInt32BE(100 + (number % 1000), at + 37);
      data.writeUInt32BE(1, at + 41);
    }
    // A template in every datagram: whichever is lost, the others can be read.
    this.datagrams++;
    this.records += RECORDS;
    return Buffer.concat([header, templateSet(), data]);
  }

  #transmit(datagram: Buffer): Promise<void> {
    const { port, host } = this.#to;
    return new Promise((sent) => this.#socket.send(datagram, port, host, () => sent()));
  }

  /** Sends the next datagram. */
  send(): Promise<void> {
    return this.#transmit(this.#next());
  }

  /** Sends the next two datagrams the wrong way round, as a network may. */
  async sendReordered(): Promise<void> {
    const [first, second] = [this.#next(), this.#next()];
    await this.#transmit(second);
    await this.#transmit(first);
  }

  /** Sends the next datagram twice, as a network may. */
  async sendTwice(): Promise<void> {
    const datagram = this.#next();
    await this.#transmit(datagram);
    await this.#transmit(datagram);
  }

  close(): void {
    this.#socket.close();
  }
}
