import { createSocket, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { addressBytes, Fault, formatHostPort, type HostPort, isMappedV4 } from "@v6meter/schemas";

/** Which address and port stand for one exporter's source port in a replay. */
export interface ReplaySource {
  /** Exporter address and UDP source port in the capture. */
  readonly exporter: string;
  readonly sourcePort: number;
  /** What the receiver sees instead. */
  readonly from: HostPort;
}

/** One socket of a replay, connected to the receiver. */
export interface ReplaySender {
  readonly source: ReplaySource;
  readonly socket: Socket;
}

/** How exporters are told apart at the receiver: by address, or where that cannot be, by source port only. */
export type Distinction = "address" | "source port";

/** Only IPv4 loopback lets an ordinary process send from many addresses: all of 127/8. */
export function distinctionAt(address: string): Distinction {
  return isIP(address) === 4 && address.startsWith("127.") ? "address" : "source port";
}

/**
 * A 127/8 address for every exporter: the last three octets of an IPv4 exporter, a hash of an IPv6 one,
 * the next free address where two would meet. The same exporters in the same order get the same addresses.
 */
export function loopbackAddresses(exporters: Iterable<string>, receiver: string): Map<string, string> {
  const taken = new Set([receiver, "127.0.0.0", "127.255.255.255"]);
  const addresses = new Map<string, string>();
  for (const exporter of exporters) {
    if (addresses.has(exporter)) continue;
    let host = hostBits(exporter);
    let address = dotted(host);
    while (taken.has(address)) {
      host = (host + 1) & 0xff_ffff;
      address = dotted(host);
    }
    taken.add(address);
    addresses.set(exporter, address);
  }
  return addresses;
}

function hostBits(exporter: string): number {
  const bytes = addressBytes(exporter);
  if (bytes === null) throw new Fault("INTERNAL", `${exporter} is not an address.`);
  if (isMappedV4(bytes)) return ((bytes[13] as number) << 16) | ((bytes[14] as number) << 8) | (bytes[15] as number);
  // FNV-1a, its upper bits folded into 24.
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return ((hash >>> 24) ^ hash) & 0xff_ffff;
}

function dotted(host: number): string {
  return `127.${host >>> 16}.${(host >>> 8) & 0xff}.${host & 0xff}`;
}

/**
 * Opens the socket that stands for an exporter's source port. It keeps the captured port where that is
 * free. Errors that reach the socket later (a receiver that refuses) are given to `onError`.
 */
export async function openSender(
  exporter: string,
  sourcePort: number,
  address: string | undefined,
  receiver: HostPort,
  onError: (error: Error) => void,
): Promise<ReplaySender> {
  const type = isIP(receiver.host) === 6 ? "udp6" : "udp4";
  let socket = await bound(type, sourcePort, address).catch((error: NodeJS.ErrnoException) => {
    // The port is in use or reserved; the address may still do.
    if (error.code === "EADDRINUSE" || error.code === "EACCES") return null;
    throw refusal(address, error);
  });
  socket ??= await bound(type, 0, address).catch((error: Error) => {
    throw refusal(address, error);
  });
  await connected(socket, receiver);
  socket.on("error", onError);
  const { address: host, port } = socket.address();
  return { source: { exporter, sourcePort, from: { host, port } }, socket };
}

function refusal(address: string | undefined, cause: Error): Fault {
  const advice = address?.startsWith("127.") ? "; where 127/8 is one address only, send to ::1 instead" : "";
  return new Fault("ADDRESS_IN_USE", `Cannot send from ${address ?? "a socket"} (${cause.message})${advice}.`, {
    cause,
  });
}

function bound(type: "udp4" | "udp6", port: number, address: string | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(type);
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ port, ...(address === undefined ? {} : { address }), exclusive: true }, () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

function connected(socket: Socket, { host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.connect(port, host, (...[error]: [Error?]) => {
      if (error === undefined || error === null) return resolve();
      socket.close();
      reject(
        new Fault("ADDRESS_IN_USE", `Cannot send to ${formatHostPort({ host, port })} (${error.message}).`, {
          cause: error,
        }),
      );
    });
  });
}
