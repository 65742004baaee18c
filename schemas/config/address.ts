import { z } from "zod";

/** An address to listen on or send to, as `HOST:PORT` or `[IPv6]:PORT`. */
export interface HostPort {
  host: string;
  port: number;
}

const PATTERN = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

/** Reads `HOST:PORT`; null when it is not one. */
export function parseHostPort(text: string): HostPort | null {
  const match = PATTERN.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return null;
  return { host: (match[1] ?? match[2]) as string, port };
}

/** Writes `HOST:PORT`, with brackets where the host is an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A setting that holds `HOST:PORT`; port 0 lets the system choose. */
export const hostPort = z.string().refine((text) => parseHostPort(text) !== null, {
  error: "must be HOST:PORT or [IPv6]:PORT with a port of 0 to 65535",
});

/** Addresses of a small page for Prometheus and health checks, served by a process without the API. */
export const monitorAddress = (port: number) =>
  hostPort
    .default(`127.0.0.1:${port}`)
    .describe(
      "Address of /metrics, /healthz and /readyz of the process by itself; /metrics asks for the key of keys_dir",
    );
