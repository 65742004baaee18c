import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type Datagram, type Mix, type MixName, makeMix, Stamps } from "../mixes/mix.ts";
import type { Order, Sent } from "./sender.ts";

/**
 * Sends mixes to a port of 127.0.0.1, from an address of loopback for every exporter, at a paced rate. A process of its
 * own, so that what sending costs is in nobody's figures; started and told what to send by sender.ts.
 */
const [seed, epochMs] = process.argv.slice(2).map(Number) as [number, number];

/** Below so many datagrams a millisecond it sleeps between them; above, sleeping makes bursts that receivers drop. */
const SLEEPS_BELOW_PER_MS = 16;
/** What was held up for longer is not made up for: what no exporter sends in one burst must not fill the receiver's buffer. */
const CATCH_UP_MS = 4;
/** Sent without a look at the clock. */
const BURST_DATAGRAMS = 16;

interface Prepared {
  readonly mix: Mix;
  readonly stamps: Stamps;
  /** The datagram that comes next: orders go on where the last one ended. */
  next: number;
}

const prepared = new Map<MixName, Prepared>();
const sockets: Socket[] = [];
let connectedTo = 0;
let errors = 0;

function prepare(name: MixName): Prepared {
  let found = prepared.get(name);
  if (!found) {
    const mix = makeMix(name, seed, epochMs);
    found = { mix, stamps: new Stamps(mix), next: 0 };
    prepared.set(name, found);
  }
  return found;
}

async function openSocket(index: number, port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  // A receiver that is gone refuses what was on its way: it is not counted as received, so this need not be told.
  socket.on("error", () => {
    errors++;
  });
  socket.bind({ address: `127.1.${index >> 8}.${index & 0xff}`, port: 0 });
  await once(socket, "listening");
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** Sockets of so many exporters, all connected to the port. */
async function connectAll(count: number, port: number): Promise<void> {
  if (connectedTo !== port) for (const socket of sockets.splice(0)) socket.close();
  connectedTo = port;
  while (sockets.length < count) sockets.push(await openSocket(sockets.length, port));
}

/** Sends the datagrams of `take` until it has none left, so many a second. */
async function paced(take: () => Datagram | null, stamps: Stamps, datagramsPerS: number): Promise<Sent> {
  const perMs = datagramsPerS / 1_000;
  const startedAt = performance.now();
  let heldUpMs = 0;
  let datagrams = 0;
  let records = 0;
  errors = 0;
  for (;;) {
    const now = performance.now();
    const lateMs = now - startedAt - heldUpMs - datagrams / perMs;
    if (lateMs > CATCH_UP_MS) heldUpMs += lateMs - CATCH_UP_MS;
    const due = Math.floor((now - startedAt - heldUpMs) * perMs) + 1;
    if (datagrams >= due) {
      await (perMs < SLEEPS_BELOW_PER_MS ? sleep(1) : nextTurn());
      continue;
    }
    const nowMs = Date.now();
    for (const end = Math.min(due, datagrams + BURST_DATAGRAMS); datagrams < end; datagrams++) {
      const datagram = take();
      if (!datagram) return { datagrams, records, elapsedMs: performance.now() - startedAt, heldUpMs, errors };
      stamps.stamp(datagram, nowMs);
      (sockets[datagram.exporter] as Socket).send(datagram.bytes);
      records += datagram.records;
    }
    // What was handed over is only done in the next turn.
    await nextTurn();
  }
}

async function carryOut({ mix: name, port, what, ratePerS }: Order): Promise<Sent> {
  const place = prepare(name);
  const { mix, stamps } = place;
  await connectAll(mix.exporters, port);
  if (what === "templates") {
    const left = mix.templates.values();
    return paced(() => left.next().value ?? null, stamps, ratePerS);
  }
  let records = 0;
  const take = () => {
    if (records >= what.records) return null;
    const datagram = mix.datagrams[place.next] as Datagram;
    place.next = (place.next + 1) % mix.datagrams.length;
    records += datagram.records;
    return datagram;
  };
  return paced(take, stamps, (ratePerS * mix.datagrams.length) / mix.records);
}

process.on("message", async (order: Order) => {
  process.send?.(await carryOut(order));
});
process.once("disconnect", () => process.exit(0));
