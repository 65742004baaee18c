import { Fault, type FaultCode } from "@v6meter/schemas";

/** Exit codes after sysexits: usage and configuration mistakes are told apart from failures. */
const EXIT_CODES: Partial<Record<FaultCode, number>> = {
  CONFIG_INVALID: 78,
  CONFIG_UNREADABLE: 78,
  REGISTRY_INVALID: 78,
  QUERY_INVALID: 64,
  NODE_TOO_OLD: 78,
};

/**
 * Runs a command to its end: a Fault prints its sentence, anything else its stack, on standard error,
 * and sets the exit code. A command's own result is its exit code (0 when it returns nothing).
 */
export async function runCommand(name: string, command: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await command()) ?? 0;
  } catch (error) {
    if (error instanceof Fault) {
      for (const line of error.message.split("\n")) process.stderr.write(`${name}: ${line}\n`);
      process.exitCode = EXIT_CODES[error.code] ?? 1;
    } else {
      process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 70;
    }
  }
}

/** npm passes on a signal that the terminal has sent to the program as well: within this time they are one. */
const SAME_SIGNAL_MS = 1_000;

/** Resolves at the first SIGINT or SIGTERM; one more after a moment ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt = Number.NaN;
    const onSignal = (signal: NodeJS.Signals) => {
      if (performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(130);
      if (Number.isNaN(askedAt)) askedAt = performance.now();
      resolve(signal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
