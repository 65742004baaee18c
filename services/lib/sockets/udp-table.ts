import { readFileSync } from "node:fs";
import { addressText, type HostPort } from "@v6meter/schemas";

/** A UDP socket of this machine, as the kernel tells of it. */
export interface UdpSocket {
  readonly local: HostPort;
  /** It sends to and takes from one peer only. */
  readonly connected: boolean;
  /** Bytes that wait to be read. */
  readonly unreadBytes: number;
  /** Datagrams dropped since it was opened. */
  readonly drops: number;
  readonly inode: number;
}

/** `0100007F:0807`: 32-bit words of the address in host order, the port in hex. */
function endpoint(text: string): HostPort {
  const [words, port] = text.split(":") as [string, string];
  const bytes = Buffer.from(words, "hex");
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return { host: bytes.length === 4 ? bytes.join(".") : addressText(bytes), port: Number.parseInt(port, 16) };
}

/** Sockets of a table as Linux prints /proc/net/udp and udp6; lines that are cut off are left out. */
export function parseUdpTable(table: string): UdpSocket[] {
  const sockets: UdpSocket[] = [];
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 13) continue;
    const [, local, remote, , queues] = columns as [string, string, string, string, string];
    sockets.push({
      local: endpoint(local),
      connected: !remote.endsWith(":0000"),
      unreadBytes: Number.parseInt(queues.split(":")[1] as string, 16),
      drops: Number(columns[12]),
      inode: Number(columns[9]),
    });
  }
  return sockets;
}

/** All UDP sockets of this machine; null where the system does not tell. */
export function readUdpSockets(): UdpSocket[] | null {
  const tables = ["/proc/net/udp", "/proc/net/udp6"].map(read);
  // A machine without IPv6 has no second table.
  if (tables.every((table) => table === null)) return null;
  return tables.flatMap((table) => parseUdpTable(table ?? ""));
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
