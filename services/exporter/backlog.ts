import { readFileSync } from "node:fs";

/**
 * Bytes that wait in the kernel for the process that listens on a local UDP port (the fullest socket
 * where several do): column rx_queue of /proc/net/udp and udp6. Null where the system does not tell.
 */
export function receiverBacklogBytes(port: number): number | null {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  let backlog: number | null = null;
  for (const table of ["/proc/net/udp", "/proc/net/udp6"]) {
    for (const line of read(table).split("\n").slice(1)) {
      const [, local, remote, , queues] = line.trim().split(/\s+/);
      // A listener has no peer; the replay's own connected sockets have one.
      if (!local?.endsWith(suffix) || !remote?.endsWith(":0000")) continue;
      backlog = Math.max(backlog ?? 0, Number.parseInt(queues?.split(":")[1] ?? "0", 16));
    }
  }
  return backlog;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
