import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  type AccountingAttributes,
  decodePacket,
  encodeAccountingRequest,
  type VendorAttribute,
  verifyAccountingResponse,
} from "@v6meter/radius";

export const SECRET = Buffer.from("s3cret of the BRAS");

/** A request that tells of a session; attributes given replace or add to those. */
export function request(
  identifier: number,
  attributes: AccountingAttributes = {},
  {
    secret = SECRET,
    vendorAttributes = [],
  }: { secret?: Uint8Array; vendorAttributes?: readonly VendorAttribute[] } = {},
): Buffer {
  return encodeAccountingRequest({
    identifier,
    secret,
    vendorAttributes,
    attributes: {
      "Acct-Status-Type": 1,
      "NAS-Identifier": "bras-1",
      "Acct-Session-Id": "s1",
      "User-Name": "li@ln",
      ...attributes,
    },
  });
}

/** A NAS that sends from one port. */
export class Nas {
  readonly #socket: Socket;
  readonly answers: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (answer) => this.answers.push(answer));
  }

  static async at(port: number, host = "127.0.0.1"): Promise<Nas> {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.connect(port, host);
    await once(socket, "connect");
    return new Nas(socket);
  }

  send(...requests: readonly Uint8Array[]): void {
    for (const bytes of requests) this.#socket.send(bytes);
  }

  /** Waits for so many answers in all, and gives the identifiers they bear. */
  async answered(count: number): Promise<number[]> {
    while (this.answers.length < count) await once(this.#socket, "message");
    return this.answers.map((answer) => answer[1] as number);
  }

  close(): void {
    this.#socket.close();
  }
}

/** True where an answer fits its request and the secret. */
export function fits(answer: Uint8Array, sent: Uint8Array): boolean {
  const packet = decodePacket(answer);
  return typeof packet !== "string" && verifyAccountingResponse(packet, sent.subarray(4, 20), SECRET);
}
