import { readFile } from "node:fs/promises";
import { addressText, type HostPort } from "@v6meter/schemas";

/** What the kernel says of one UDP socket: datagrams it dropped, and bytes not read yet. */
export interface SocketCounts {
  readonly drops: number;
  readonly unreadBytes: number;
}

/** `0100007F:0807` of /proc/net/udp: 32-bit words of the address in host order, the port in hex. */
function localAddress(text: string): HostPort {
  const [words, port] = text.split(":") as [string, string];
  const bytes = Buffer.from(words, "hex");
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  const address = bytes.length === 4 ? bytes.join(".") : addressText(bytes);
  return { host: address, port: Number.parseInt(port, 16) };
}

/** Adds what a table of /proc/net/udp or udp6 tells of the bound sockets: the last column and rx_queue. */
export function addSocketCounts(
  table: string,
  bound: readonly HostPort[],
  counts: { drops: number; unreadBytes: number }[],
): void {
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 13) continue;
    const local = localAddress(columns[1] as string);
    const count = counts[bound.findIndex(({ host, port }) => host === local.host && port === local.port)];
    if (!count) continue;
    count.drops += Number(columns[12]);
    count.unreadBytes += Number.parseInt((columns[4] as string).split(":")[1] as string, 16);
  }
}

/**
 * Counts of the sockets bound to the given addresses, in their order; null where the system has no
 * /proc/net/udp.
 */
export async function readSocketCounts(bound: readonly HostPort[]): Promise<SocketCounts[] | null> {
  const counts = bound.map(() => ({ drops: 0, unreadBytes: 0 }));
  try {
    for (const file of ["/proc/net/udp", "/proc/net/udp6"])
      addSocketCounts(await readFile(file, "latin1"), bound, counts);
  } catch {
    return null;
  }
  return counts;
}
