import { cpus } from "node:os";
import { Fault } from "@v6meter/schemas";

/** A whole number of an option. Throws CONFIG_INVALID with what is allowed. */
export function wholeOption(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Fault(
      "CONFIG_INVALID",
      `--${name}: found ${text}, allowed is a whole number from ${min} to ${max}. See --help.`,
    );
  return value;
}

/** The machine a figure was measured on, in a line. */
export function machineLine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model ?? "unknown"}, node ${process.version}, ${process.platform} ${process.arch}`;
}
