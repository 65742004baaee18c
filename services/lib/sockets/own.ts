import { readdirSync, readlinkSync } from "node:fs";
import type { HostPort } from "@v6meter/schemas";
import { readUdpSockets, type UdpSocket } from "./udp-table.ts";

const OWN_FILES = "/proc/self/fd";

/** The sockets among the files of this process: the inode of each, by the file's number. */
export function ownSocketFiles(): ReadonlyMap<number, number> {
  const inodes = new Map<number, number>();
  if (process.platform !== "linux") return inodes;
  for (const file of readdirSync(OWN_FILES)) {
    let target = "";
    try {
      target = readlinkSync(`${OWN_FILES}/${file}`);
    } catch {
      // Closed since it was listed.
    }
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.set(Number(file), Number(inode));
  }
  return inodes;
}

/** The kernel's counts of the sockets it was made for. */
export interface SocketWatch {
  /** The sockets as they are now; null where the system does not tell. */
  read(): readonly UdpSocket[] | null;
}

/**
 * Watches the sockets of this process that are bound to the addresses: those alone, also where other
 * processes have sockets on the same addresses. Made once they are bound.
 */
export function watchOwnSockets(bound: readonly HostPort[]): SocketWatch {
  const isBound = ({ local, connected }: UdpSocket) =>
    !connected && bound.some(({ host, port }) => host === local.host && port === local.port);
  const all = readUdpSockets();
  if (!all) return { read: () => null };
  const own = new Set(ownSocketFiles().values());
  const inodes = new Set(all.filter((it) => isBound(it) && own.has(it.inode)).map(({ inode }) => inode));
  return { read: () => readUdpSockets()?.filter(({ inode }) => inodes.has(inode)) ?? null };
}
