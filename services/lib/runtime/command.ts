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

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
