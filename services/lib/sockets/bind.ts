import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";
import { Fault, formatHostPort, type HostPort } from "@v6meter/schemas";

/**
 * A UDP socket bound to an address of a setting. Throws ADDRESS_IN_USE when the address is taken, not this machine's
 * or not allowed. The kernel may grant a smaller receive buffer than asked. ICMP errors are let pass: they tell of
 * peers that are gone, not of what arrives.
 */
export async function bindUdp(
  setting: string,
  { host, port }: HostPort,
  options: Omit<SocketOptions, "type"> = {},
): Promise<Socket> {
  const socket = createSocket({ ...options, type: isIPv6(host) ? "udp6" : "udp4" });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    socket.close();
    const { code } = cause as NodeJS.ErrnoException;
    const sentence = `${setting}: cannot listen on ${formatHostPort({ host, port })} (${code}).`;
    throw new Fault("ADDRESS_IN_USE", sentence, { cause });
  }
  socket.on("error", () => {});
  return socket;
}
