import type { RemoteInfo } from "node:dgram";
import { isIPv6 } from "node:net";
import type { HostPort } from "@v6meter/schemas";
import { bindUdp } from "@v6meter/sockets";

/** A bound UDP socket that answers. */
export interface Listener {
  /** Where it really listens: port 0 was the system's choice. */
  readonly address: HostPort;
  /** What the kernel gave, which may be less than was asked for. */
  readonly receiveBufferBytes: number;
  /** Sends without waiting; an answer that cannot be sent is asked for again. */
  send(payload: Uint8Array, port: number, host: string): void;
  /** Waits for what is being sent, then closes. */
  close(): Promise<void>;
}

export type OnDatagram = (payload: Uint8Array, remote: RemoteInfo, listener: Listener) => void;

/** An answer goes to an address, never a name: there is nothing to look up, and no thread to wait for. */
const lookup = (address: string, family: unknown, done: (error: null, address: string, family: number) => void) =>
  done(null, address, typeof family === "number" ? family : isIPv6(address) ? 6 : 4);

/** Listens for requests. Throws ADDRESS_IN_USE when the address is taken, not this machine's or not allowed. */
export async function listen(at: HostPort, receiveBufferBytes: number, onDatagram: OnDatagram): Promise<Listener> {
  const options = { recvBufferSize: receiveBufferBytes, lookup: lookup as never };
  const socket = await bindUdp("sessions.udp", at, options);
  let sending = 0;
  let idle = () => {};
  const { address: host, port } = socket.address();
  const listener: Listener = {
    address: { host, port },
    receiveBufferBytes: socket.getRecvBufferSize(),
    send(payload, toPort, toHost) {
      sending++;
      socket.send(payload, toPort, toHost, () => {
        if (--sending === 0) idle();
      });
    },
    async close() {
      if (sending > 0)
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
  socket.on("message", (payload, remote) => onDatagram(payload, remote, listener));
  return listener;
}
