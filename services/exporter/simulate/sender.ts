import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { Fault, formatHostPort, type HostPort } from "@v6meter/schemas";
import { receiverHasRoom } from "@v6meter/sockets";

/** Looking at the backlog costs some 0.2 ms, so it is looked at once in so many datagrams. */
const BACKLOG_EVERY_DATAGRAMS = 32;

/** Sends the datagrams of many routers. */
export interface Sender {
  /** By router. */
  readonly sendFrom: readonly ((bytes: Buffer) => boolean)[];
  readonly addresses: readonly string[];
  /** Resolves when nothing handed over waits any more: then its bytes may be overwritten. */
  drained(): Promise<void>;
  /** On loopback: resolves when the receiver's buffer has room again, so that the kernel drops nothing. */
  receiverKeptUp(signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

/**
 * Opens a socket a router: from its own 127.x address where the target is on loopback, elsewhere the system
 * chooses one address for all. Throws CONFIG_INVALID for a host that is not known, ADDRESS_IN_USE where a
 * router's address cannot be sent from.
 */
export async function openSender(
  routers: readonly { readonly name: string; readonly address: string }[],
  to: HostPort,
): Promise<Sender> {
  const target = await lookup(to.host).catch((cause: Error) => {
    throw new Fault("CONFIG_INVALID", `${formatHostPort(to)}: the host is not known (${cause.message}).`, { cause });
  });
  const loopback = target.family === 4 && target.address.startsWith("127.");
  const local = loopback || target.address === "::1";
  const sockets: Socket[] = [];
  let waiting = 0;
  let failure: Error | null = null;
  let onDrained: (() => void) | null = null;
  let sinceLook = 0;
  const done = (error: Error | null) => {
    if (error) failure = error;
    if (--waiting === 0) onDrained?.();
  };
  const close = () => {
    for (const socket of sockets) socket.close();
  };

  try {
    for (const { name, address } of routers) {
      // Both ends are addresses already: nothing is to be looked up, least of all per datagram.
      const socket = createSocket({
        type: target.family === 6 ? "udp6" : "udp4",
        lookup: (host, _options, callback) => callback(null, host, target.family),
      });
      sockets.push(socket);
      const listening = once(socket, "listening");
      socket.bind(loopback ? { port: 0, address } : { port: 0 });
      await listening.catch((cause: Error) => {
        throw new Fault("ADDRESS_IN_USE", `${name}: cannot send from ${address} (${cause.message}).`, {
          cause,
        });
      });
    }
  } catch (error) {
    close();
    throw error;
  }

  return {
    sendFrom: sockets.map((socket) => (bytes: Buffer) => {
      waiting++;
      sinceLook++;
      socket.send(bytes, to.port, target.address, done);
      return true;
    }),
    addresses: routers.map(({ address }, i) => (loopback ? address : (sockets[i] as Socket).address().address)),
    async drained() {
      if (waiting > 0)
        await new Promise<void>((resolve) => {
          onDrained = resolve;
        });
      onDrained = null;
      if (failure)
        throw new Fault("INTERNAL", `${formatHostPort(to)}: a datagram could not be sent (${failure.message}).`, {
          cause: failure,
        });
    },
    async receiverKeptUp(signal) {
      if (!local || sinceLook < BACKLOG_EVERY_DATAGRAMS) return;
      sinceLook = 0;
      await receiverHasRoom(to.port, signal);
    },
    close,
  };
}
