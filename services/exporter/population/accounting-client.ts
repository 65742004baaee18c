import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { decodePacket, type Packet, verifyAccountingResponse } from "@v6meter/radius";
import { Fault, formatHostPort, type HostPort } from "@v6meter/schemas";
import type { AccountingEvent } from "./accounting-feed.ts";

const TRIES = 5;
/** RFC 5080 §2.2.1: sent again first after two seconds, then after twice as long. */
const PATIENCE = { firstWaitMs: 2_000, lookEveryMs: 250 };
/** An identifier is one octet (RFC 2866 §3), so that many requests of one NAS can be on their way. */
const IDENTIFIERS = 256;
/** On their way from all together: no more than a server's buffer holds. */
const ON_THEIR_WAY_MAX = 512;

/** What became of the requests. */
export interface AccountingCounts {
  /** Requests, each counted once. */
  requests: number;
  answered: number;
  /** Times a request was sent again. */
  repeated: number;
  /** Given up after the last try. */
  unanswered: number;
  /** Answers that fit no request or not the secret. */
  foreign: number;
}

/** Sends accounting as the NAS of many cells, until each request is answered. */
export interface AccountingClient {
  /** Sends a request; waits where too many are on their way. */
  send(event: AccountingEvent): Promise<void>;
  /** Resolves when every request is answered or given up. */
  settled(): Promise<void>;
  readonly counts: Readonly<AccountingCounts>;
  close(): void;
}

interface Waiting {
  readonly bytes: Buffer;
  tries: number;
  againAtMs: number;
}

interface Nas {
  readonly socket: Socket;
  readonly waiting: Map<number, Waiting>;
  next: number;
}

/**
 * Opens a socket a NAS: from its own 127.x address where the server is on loopback. `nas` are names and addresses
 * by index of a cell. Throws CONFIG_INVALID for a host that is not known, ADDRESS_IN_USE where an address cannot
 * be sent from.
 */
export async function openAccountingClient(
  nas: readonly { readonly nas: string; readonly client: string }[],
  to: HostPort,
  secret: Uint8Array,
  { firstWaitMs, lookEveryMs } = PATIENCE,
): Promise<AccountingClient> {
  const target = await lookup(to.host).catch((cause: Error) => {
    throw new Fault("CONFIG_INVALID", `${formatHostPort(to)}: the host is not known (${cause.message}).`, { cause });
  });
  const loopback = target.family === 4 && target.address.startsWith("127.");
  const counts: AccountingCounts = { requests: 0, answered: 0, repeated: 0, unanswered: 0, foreign: 0 };
  const all: Nas[] = [];
  let onTheirWay = 0;

  const post = ({ socket }: Nas, bytes: Buffer) => {
    // A server that is not there is one that does not answer.
    socket.send(bytes, to.port, target.address, () => {});
  };
  const again = setInterval(() => {
    const now = Date.now();
    for (const one of all)
      for (const [identifier, request] of one.waiting) {
        if (request.againAtMs > now) continue;
        if (request.tries === TRIES) {
          one.waiting.delete(identifier);
          counts.unanswered++;
          onTheirWay--;
          continue;
        }
        request.againAtMs = now + firstWaitMs * 2 ** request.tries;
        request.tries++;
        counts.repeated++;
        post(one, request.bytes);
      }
  }, lookEveryMs);
  const close = () => {
    clearInterval(again);
    for (const { socket } of all) socket.close();
  };

  const take = (one: Nas, bytes: Buffer) => {
    const packet: Packet | string = decodePacket(bytes);
    const request = typeof packet === "string" ? undefined : one.waiting.get(packet.identifier);
    if (
      typeof packet === "string" ||
      !request ||
      !verifyAccountingResponse(packet, request.bytes.subarray(4, 20), secret)
    ) {
      counts.foreign++;
      return;
    }
    one.waiting.delete(packet.identifier);
    counts.answered++;
    onTheirWay--;
  };

  try {
    for (const { nas: name, client } of nas) {
      const socket = createSocket({
        type: target.family === 6 ? "udp6" : "udp4",
        lookup: (host, _options, callback) => callback(null, host, target.family),
      });
      const one: Nas = { socket, waiting: new Map(), next: 0 };
      all.push(one);
      socket.on("message", (bytes) => take(one, bytes));
      const listening = once(socket, "listening");
      socket.bind(loopback ? { port: 0, address: client } : { port: 0 });
      await listening.catch((cause: Error) => {
        throw new Fault("ADDRESS_IN_USE", `${name}: cannot send from ${client} (${cause.message}).`, { cause });
      });
      socket.on("error", () => {});
    }
  } catch (error) {
    close();
    throw error;
  }

  return {
    async send(event) {
      const one = all[event.cell] as Nas;
      while (onTheirWay >= ON_THEIR_WAY_MAX || one.waiting.size === IDENTIFIERS) await delay(1);
      while (one.waiting.has(one.next)) one.next = (one.next + 1) % IDENTIFIERS;
      const identifier = one.next;
      one.next = (one.next + 1) % IDENTIFIERS;
      const bytes = event.encode(identifier, secret);
      one.waiting.set(identifier, { bytes, tries: 1, againAtMs: Date.now() + firstWaitMs });
      counts.requests++;
      onTheirWay++;
      post(one, bytes);
    },
    async settled() {
      while (onTheirWay > 0) await delay(5);
    },
    counts,
    close,
  };
}
