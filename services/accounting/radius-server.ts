import type { RemoteInfo } from "node:dgram";
import {
  ACCOUNTING_REQUEST,
  accountingResponse,
  Packet,
  readU32,
  STATUS_SERVER,
  verifyAccountingRequest,
  verifyStatusServer,
} from "@v6meter/radius";
import type { Logger } from "@v6meter/runtime";
import { addressBytes, addressText, type DropReason } from "@v6meter/schemas";
import type { Client, Clients } from "./clients.ts";
import type { EventWriter } from "./event-writer.ts";
import type { Outbox } from "./outbox.ts";
import { RecentRequests } from "./recent-requests.ts";
import { NO_CLIENT } from "./tally.ts";
import type { Listener } from "./udp.ts";

/** Requests that wait for their publish; beyond it they are dropped and so sent again. */
const QUEUE_MAX_REQUESTS = 262_144;
/** Source addresses remembered with their client; beyond it the memory starts anew. */
const SOURCES_MAX = 65_536;
const COMPLAIN_EVERY_MS = 10_000;
/** Offset of the request authenticator; of its 16 octets 8 tell a request apart. */
const AUTHENTICATOR_AT = 4;

interface Source {
  readonly address: Uint8Array;
  readonly booksTo: string;
  readonly client: Client | null;
  readonly hash: number;
  /** The secret that fitted last is tried first. */
  secret: number;
}

interface Answer {
  readonly listener: Listener;
  readonly host: string;
  readonly port: number;
  readonly response: Uint8Array;
  readonly low: number;
  readonly high: number;
}

/** What a RADIUS server did since its start, for metrics. */
export interface RadiusServerCounts {
  packets: number;
  /** Requests whose event went to the bus. */
  accepted: number;
  answered: number;
  /** Requests sent again that were answered again. */
  answeredAgain: number;
  /** Packets that asked whether the server is alive (RFC 5997); they are in no books. */
  statusRequests: number;
  /** Requests that wait for their publish. */
  queued: number;
  dropped: Partial<Record<DropReason, number>>;
}

export interface RadiusServerOptions {
  readonly clients: Clients;
  readonly outbox: Outbox;
  readonly writer: EventWriter;
  readonly duplicateWindowMs: number;
  readonly queueMaxRequests?: number;
  readonly logger: Logger;
}

function hashOf(address: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of address) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * Takes accounting requests (RFC 2866): verifies them, writes their events and answers them once the events are
 * durably on the bus, so that a client goes on sending what was lost here.
 */
export class RadiusServer {
  readonly #outbox: Outbox;
  readonly #writer: EventWriter;
  readonly #logger: Logger;
  readonly #recent: RecentRequests;
  readonly #queueMaxRequests: number;
  readonly #packet = new Packet();
  readonly #sources = new Map<string, Source>();
  #clients: Clients;
  #answers: Answer[] = [];
  #complaints = new Map<DropReason, { packets: number; source: Source }>();
  #complainedAtMs = 0;
  #isFlushDue = false;
  readonly counts: RadiusServerCounts = {
    packets: 0,
    accepted: 0,
    answered: 0,
    answeredAgain: 0,
    statusRequests: 0,
    queued: 0,
    dropped: {},
  };

  constructor({ clients, outbox, writer, duplicateWindowMs, queueMaxRequests, logger }: RadiusServerOptions) {
    this.#clients = clients;
    this.#outbox = outbox;
    this.#writer = writer;
    this.#logger = logger;
    this.#recent = new RecentRequests(duplicateWindowMs);
    this.#queueMaxRequests = queueMaxRequests ?? QUEUE_MAX_REQUESTS;
  }

  /** Puts other clients in force. */
  replaceClients(clients: Clients): void {
    this.#clients = clients;
    this.#sources.clear();
  }

  /** Takes one datagram in. */
  take(payload: Uint8Array, from: Pick<RemoteInfo, "address" | "port">, listener: Listener, nowMs: number): void {
    this.counts.packets++;
    const source = this.#sourceOf(from.address);
    if (this.#answerStatus(payload, source, from, listener)) return;
    const reason = this.#takeIn(payload, source, from, listener, nowMs);
    if (reason === null) this.counts.accepted++;
    else this.#dropped(source, reason);
    this.#outbox.tally.book(source.booksTo, reason);
    // What the bus refuses is told by the flush of the timer as well.
    if (this.#outbox.isFull) this.flush().catch(() => {});
  }

  /** Books datagrams that the kernel dropped. */
  bookKernelDrops(datagrams: number): void {
    this.#count("sessions_kernel_buffer", datagrams);
    this.#outbox.tally.book(NO_CLIENT, "sessions_kernel_buffer", datagrams);
  }

  /**
   * Flushes where nothing is being published, and else as soon as that is over: while the bus takes nothing, what
   * comes meanwhile and its books are one publish, not many.
   */
  async flushInTurn(): Promise<void> {
    if (this.#outbox.isBusy) {
      this.#isFlushDue = true;
      return;
    }
    do {
      this.#isFlushDue = false;
      await this.flush();
    } while (this.#isFlushDue);
  }

  /** Publishes what was taken in and answers it; rejects where the bus refuses it, and nothing is answered then. */
  async flush(): Promise<void> {
    const answers = this.#answers;
    this.#answers = [];
    try {
      await this.#outbox.flush();
      for (const { listener, response, port, host, low, high } of answers) {
        listener.send(response, port, host);
        this.#recent.answered(low, high);
      }
      this.counts.answered += answers.length;
    } finally {
      this.counts.queued -= answers.length;
    }
  }

  /** Logs what was dropped since it last did, once in a while. */
  complain(nowMs: number): void {
    if (this.#complaints.size === 0 || nowMs < this.#complainedAtMs + COMPLAIN_EVERY_MS) return;
    this.#complainedAtMs = nowMs;
    for (const [reason, { packets, source }] of this.#complaints)
      this.#logger.warn(
        { reason, packets, last_from: addressText(source.address) },
        "accounting requests were dropped",
      );
    this.#complaints = new Map();
  }

  #sourceOf(host: string): Source {
    const known = this.#sources.get(host);
    if (known) return known;
    if (this.#sources.size >= SOURCES_MAX) this.#sources.clear();
    const address = addressBytes(host) ?? new Uint8Array(16);
    const client = this.#clients.find(address);
    // Addresses of who is no client may be anybody's invention: the books have one line for all of them.
    const booksTo = client === null ? NO_CLIENT : addressText(address);
    const source = { address, booksTo, client, hash: hashOf(address), secret: 0 };
    this.#sources.set(host, source);
    return source;
  }

  /**
   * Answers who asks whether the server is alive, as proxies of RADIUS do before they send: it is while the bus takes
   * what is published. False where the packet asks something else, or is not a client's.
   */
  #answerStatus(
    payload: Uint8Array,
    { client }: Source,
    { address, port }: Pick<RemoteInfo, "address" | "port">,
    listener: Listener,
  ): boolean {
    if (payload[0] !== STATUS_SERVER || client === null || this.#packet.read(payload) !== null) return false;
    const secret = client.secrets.find((candidate) => verifyStatusServer(this.#packet, candidate) === null);
    if (secret === undefined) return false;
    this.counts.statusRequests++;
    if (this.#outbox.counts.trouble === null) listener.send(accountingResponse(this.#packet, secret), port, address);
    return true;
  }

  /** Why a datagram tells nothing new, or null where its event was written. */
  #takeIn(
    payload: Uint8Array,
    source: Source,
    { address: host, port }: Pick<RemoteInfo, "address" | "port">,
    listener: Listener,
    nowMs: number,
  ): DropReason | null {
    const { client } = source;
    const packet = this.#packet;
    if (client === null) return "client_unknown";
    if (packet.read(payload) !== null || packet.code !== ACCOUNTING_REQUEST) return "accounting_malformed";
    const secret = this.#secretOf(source, client);
    if (secret === null) return "authenticator_wrong";

    const low = (readU32(payload, AUTHENTICATOR_AT) ^ source.hash) >>> 0;
    const high = (readU32(payload, AUTHENTICATOR_AT + 4) ^ ((port << 8) | packet.identifier)) >>> 0;
    const state = this.#recent.state(low, high, nowMs);
    if (state === "answered") {
      this.counts.answeredAgain++;
      listener.send(accountingResponse(packet, secret), port, host);
    }
    // One that is pending is answered when it is published.
    if (state !== "new") return "accounting_duplicate";
    if (this.counts.queued >= this.#queueMaxRequests) return "sessions_queue_full";

    const reason = this.#writer.writePacket(packet, client, source.address, nowMs);
    // What tells of no session is answered as well: the client would send it for ever.
    this.#recent.add(low, high, nowMs);
    this.counts.queued++;
    this.#answers.push({ listener, host, port, response: accountingResponse(packet, secret), low, high });
    return reason;
  }

  #secretOf(source: Source, { secrets }: Client): Uint8Array | null {
    for (let i = 0; i < secrets.length; i++) {
      const index = (source.secret + i) % secrets.length;
      const secret = secrets[index] as Uint8Array;
      if (verifyAccountingRequest(this.#packet, secret) !== null) continue;
      source.secret = index;
      return secret;
    }
    return null;
  }

  #count(reason: DropReason, packets: number): void {
    this.counts.dropped[reason] = (this.counts.dropped[reason] ?? 0) + packets;
  }

  #dropped(source: Source, reason: DropReason): void {
    this.#count(reason, 1);
    // Sending again is how the protocol works, and no trouble.
    if (reason === "accounting_duplicate") return;
    const complaint = this.#complaints.get(reason);
    if (complaint === undefined) this.#complaints.set(reason, { packets: 1, source });
    else {
      complaint.packets++;
      complaint.source = source;
    }
  }
}
