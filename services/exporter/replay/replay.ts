import { lookup } from "node:dns/promises";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Capture, CapturedDatagram } from "@v6meter/pcap";
import { Fault, type HostPort } from "@v6meter/schemas";
import { receiverHasRoom } from "@v6meter/sockets";
import {
  type Distinction,
  distinctionAt,
  loopbackAddresses,
  openSender,
  type ReplaySender,
  type ReplaySource,
} from "./senders.ts";
import { moved, shifts } from "./times.ts";

/** How a capture is sent. */
export interface ReplayOptions {
  /** The collector's UDP address. */
  readonly to: HostPort;
  /**
   * 1 keeps the captured pace, N is N times as fast, "max" sends as fast as the receiver takes it in.
   * @default 1
   */
  readonly speed?: number | "max";
  /**
   * Moves the export times in the headers so that each exporter's last datagram carries the time at which
   * it is sent. Absolute times inside records stay as captured.
   * @default false
   */
  readonly rebaseTime?: boolean;
  /** Called once, before the first datagram is sent. */
  readonly onSources?: (sources: readonly ReplaySource[], distinction: Distinction) => void;
  /** Called after every burst. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Ends the replay before the next burst; what was not sent counts as failed. */
  readonly signal?: AbortSignal;
}

/** How far a replay has come, in datagrams. */
export interface ReplayProgress {
  readonly datagrams: number;
  readonly sent: number;
  readonly failed: number;
}

/** What a replay did. */
export interface ReplayResult extends ReplayProgress {
  /** UDP payload bytes handed to the system, those of refused datagrams among them. */
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly sources: readonly ReplaySource[];
  readonly distinction: Distinction;
  /** Why the first datagram that failed did; null when all were sent. */
  readonly error: string | null;
}

/**
 * A burst is what goes out before the receiver is looked at again. Small enough for the smallest default
 * receive buffer in use (Linux: 212,992 bytes, each datagram counted with up to 1 KiB of overhead).
 */
const BURST_DATAGRAMS = 32;
const BURST_BYTES = 32_768;
/** Time for the refusal of the last datagrams (ICMP port unreachable) to arrive. */
const REFUSAL_WAIT_MS = 20;

/**
 * Sends the UDP payloads of a capture as they are, in captured order. Distinct pairs of exporter address
 * and source port stay distinct: on IPv4 loopback each exporter is a 127/8 address of its own, elsewhere
 * each pair is a source port of its own. A datagram the system or the receiver refuses is counted, not thrown.
 *
 * @throws Fault CONFIG_INVALID for a speed or host that cannot be, ADDRESS_IN_USE when a socket cannot be opened
 */
export async function replay(capture: Capture, options: ReplayOptions): Promise<ReplayResult> {
  const { datagrams } = capture;
  const speed = options.speed ?? 1;
  if (speed !== "max" && !(speed > 0 && Number.isFinite(speed)))
    throw new Fault("CONFIG_INVALID", `speed: found ${speed}, allowed is a number above 0, or max.`);
  const receiver = { host: await addressOf(options.to.host), port: options.to.port };
  const distinction = distinctionAt(receiver.host);
  const tally = { sent: 0, failed: 0, bytes: 0, error: null as string | null };
  const fail = (error: Error) => {
    tally.failed++;
    tally.error ??= error.message;
  };

  // A refusal is told after the datagram it answers was counted as sent.
  const refused = (error: Error) => {
    tally.sent--;
    fail(error);
  };

  const senders = await openSenders(datagrams, receiver, distinction, refused);
  const sources = [...senders.values()].map(({ source }) => source);
  options.onSources?.(sources, distinction);
  try {
    const startMs = Date.now();
    const due = dueTimes(datagrams, speed);
    const shiftOf = options.rebaseTime ? shiftsOf(datagrams, due, startMs) : null;
    const startedAt = performance.now();
    let next = 0;
    while (next < datagrams.length && !options.signal?.aborted) {
      const now = performance.now() - startedAt;
      const waitMs = (due[next] as number) - now;
      if (waitMs > 0) {
        await pause(waitMs, options.signal);
        continue;
      }
      if (distinction === "address" || receiver.host === "::1") await receiverHasRoom(receiver.port, options.signal);
      const sending: Promise<void>[] = [];
      for (let bytes = 0; next < datagrams.length && sending.length < BURST_DATAGRAMS && bytes < BURST_BYTES; next++) {
        if ((due[next] as number) > now) break;
        const datagram = datagrams[next] as CapturedDatagram;
        const sender = senders.get(keyOf(datagram)) as ReplaySender;
        const payload =
          shiftOf === null ? datagram.payload : moved(datagram.payload, shiftOf.get(datagram.source) ?? 0);
        bytes += payload.length;
        sending.push(
          send(sender, payload, refused).then(() => {
            tally.sent++;
            tally.bytes += payload.length;
          }, fail),
        );
      }
      await Promise.all(sending);
      // The receiver may live in this process.
      await setImmediate();
      options.onProgress?.({ datagrams: datagrams.length, sent: tally.sent, failed: tally.failed });
    }
    const elapsedMs = performance.now() - startedAt;
    await setTimeout(REFUSAL_WAIT_MS);
    const unsent = datagrams.length - next;
    if (unsent > 0) {
      tally.failed += unsent;
      tally.error ??= "the replay was ended before its last datagram";
    }
    return { datagrams: datagrams.length, ...tally, elapsedMs, sources, distinction };
  } finally {
    for (const { socket } of senders.values()) socket.close();
  }
}

function keyOf({ source, sourcePort }: CapturedDatagram): string {
  return `${source} ${sourcePort}`;
}

async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `to: found ${host}, which is no address and no name that resolves.`, { cause });
  }
}

async function openSenders(
  datagrams: readonly CapturedDatagram[],
  receiver: HostPort,
  distinction: Distinction,
  onError: (error: Error) => void,
): Promise<Map<string, ReplaySender>> {
  const addresses =
    distinction === "address"
      ? loopbackAddresses(
          datagrams.map(({ source }) => source),
          receiver.host,
        )
      : null;
  const senders = new Map<string, ReplaySender>();
  try {
    for (const datagram of datagrams) {
      const key = keyOf(datagram);
      if (senders.has(key)) continue;
      const { source, sourcePort } = datagram;
      senders.set(key, await openSender(source, sourcePort, addresses?.get(source), receiver, onError));
    }
  } catch (error) {
    for (const { socket } of senders.values()) socket.close();
    throw error;
  }
  return senders;
}

/** When each datagram is due in milliseconds after the start; never before the one in front of it. */
function dueTimes(datagrams: readonly CapturedDatagram[], speed: number | "max"): Float64Array {
  const due = new Float64Array(datagrams.length);
  if (speed === "max") return due;
  const first = datagrams[0]?.atMs ?? 0;
  let latest = 0;
  for (const [i, { atMs }] of datagrams.entries()) {
    latest = Math.max(latest, (atMs - first) / speed);
    due[i] = latest;
  }
  return due;
}

function shiftsOf(datagrams: readonly CapturedDatagram[], due: Float64Array, startMs: number): Map<string, number> {
  const sendMs = new Map(datagrams.map((datagram, i) => [datagram, startMs + (due[i] as number)]));
  return shifts(datagrams, (datagram) => sendMs.get(datagram) as number);
}

/** Waits, at most an hour at a time: longer timers overflow. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(Math.min(ms, 3_600_000), undefined, signal === undefined ? {} : { signal }).catch(() => {});
}

/**
 * Hands a datagram to the system. A refused one is told by the next call on its socket, which then has sent
 * nothing: it is told to `refused`, and the call made again.
 */
async function send(sender: ReplaySender, payload: Uint8Array, refused: (error: Error) => void): Promise<void> {
  const error = await attempt(sender, payload);
  if (error === null) return;
  if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
  refused(error);
  const again = await attempt(sender, payload);
  if (again !== null) throw again;
}

function attempt({ socket }: ReplaySender, payload: Uint8Array): Promise<Error | null> {
  return new Promise((resolve) => socket.send(payload, resolve));
}
