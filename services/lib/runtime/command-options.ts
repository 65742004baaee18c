import { Fault, type HostPort, parseHostPort } from "@v6meter/schemas";

/** A whole number of an option; without `most`, up to what a number holds exactly. Throws CONFIG_INVALID with what is allowed. */
export function wholeOption(name: string, text: string, least: number, most?: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > (most ?? Number.MAX_SAFE_INTEGER)) {
    const range = most === undefined ? `from ${least}` : `from ${least} to ${most}`;
    throw new Fault("CONFIG_INVALID", `--${name}: found ${text}, allowed is a whole number ${range}. See --help.`);
  }
  return value;
}

/** An address and port to send to, of an option. Throws CONFIG_INVALID with what is allowed. */
export function hostPortOption(name: string, text: string): HostPort {
  const parsed = parseHostPort(text);
  if (parsed && parsed.port !== 0) return parsed;
  throw new Fault(
    "CONFIG_INVALID",
    `--${name}: found ${text}, allowed is HOST:PORT or [IPv6]:PORT with a port of 1 to 65535. See --help.`,
  );
}
