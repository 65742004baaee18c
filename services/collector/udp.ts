import type { RemoteInfo } from "node:dgram";
import type { HostPort } from "@v6meter/schemas";
import { bindUdp, type OnDatagram, readInBatches } from "@v6meter/sockets";

/** A bound UDP socket and where it really listens (port 0 was the system's choice). */
export interface Listener {
  readonly address: HostPort;
  readonly receiveBufferBytes: number;
  /** From now on what arrives is lost, but the address stays taken. */
  ignore(): void;
  close(): Promise<void>;
}

/** Below it datagrams are read as they come: a buffer so small does not hold what comes between two looks. */
const BATCHES_MIN_BUFFER_BYTES = 1_048_576;

/**
 * Listens for datagrams. Throws ADDRESS_IN_USE when the address is taken, not this machine's or not
 * allowed. The kernel may grant a smaller buffer than asked: `receiveBufferBytes` is what it gave. Sockets
 * that are all `shared` may have one address: the kernel sends each pair of address and port to one of them.
 */
export async function listen(
  at: HostPort,
  { receiveBufferBytes, shared }: { receiveBufferBytes: number; shared: boolean },
  onDatagram: OnDatagram,
): Promise<Listener> {
  const socket = await bindUdp("collector.udp", at, { recvBufferSize: receiveBufferBytes, reusePort: shared });
  const { address: host, port } = socket.address();
  const bound = { address: { host, port }, receiveBufferBytes: socket.getRecvBufferSize() };
  const reader = bound.receiveBufferBytes >= BATCHES_MIN_BUFFER_BYTES ? readInBatches(socket, onDatagram) : null;
  if (reader) return { ...bound, ignore: () => reader.ignore(), close: async () => reader.close() };
  const onMessage = (payload: Uint8Array, { address, port }: RemoteInfo) => onDatagram(payload, address, port);
  socket.on("message", onMessage);
  return {
    ...bound,
    ignore: () => socket.off("message", onMessage),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Throws ADDRESS_IN_USE where somebody has the address, also one who would share it. */
export async function checkFree(at: HostPort): Promise<void> {
  const listener = await listen(at, { receiveBufferBytes: 65_536, shared: false }, () => {});
  await listener.close();
}
