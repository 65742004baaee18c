import { loadRegistry } from "@v6meter/classify";
import { createLogger, type Logger, type Settings, untilSignal } from "@v6meter/runtime";
import type { Config } from "@v6meter/schemas";
import { stringify } from "yaml";
import { type OptionName, optionsHelp, readArguments } from "./options.ts";

/** Parts that run, wired by one of the composition roots of this folder. */
export interface Running {
  /** Rejects when a part ends that nobody asked to; never resolves. */
  readonly failed: Promise<never>;
  /** What a person needs to know after the start, a line each. */
  announce(): string[];
  /** Stops the parts in the order of the data: what was received is handed on. */
  stop(): Promise<void>;
}

/** Work done while a program runs; `abort` gives it up when a signal comes first. */
export interface Work<R extends Running> {
  run(running: R): Promise<void>;
  abort(): void;
}

export interface Program<R extends Running> {
  readonly name: string;
  /** One line for --help. */
  readonly says: string;
  readonly options: readonly OptionName[];
  /** The signal is aborted when the program is to end before it is up; starting then throws its reason. */
  start(config: Config, logger: Logger, signal: AbortSignal): Promise<R>;
}

/**
 * Starts a program and runs it until a signal or until a part fails; either way everything is drained and
 * stopped. A signal that comes while it starts stops it as soon as it is up.
 */
export async function run<R extends Running>(program: Program<R>, config: Config, work?: Work<R>): Promise<number> {
  const signalled = untilSignal();
  const giveUp = new AbortController();
  void signalled.then(() => giveUp.abort());
  const running = await program
    .start(config, createLogger(config.log_level, program.name), giveUp.signal)
    .catch((error: unknown) => {
      if (error !== giveUp.signal.reason) throw error;
      return null;
    });
  if (!running) {
    process.stdout.write("stopped before it was up\n");
    return 0;
  }
  process.stdout.write(`${running.announce().join("\n")}\n`);
  try {
    const working = work?.run(running).then(() => signalled) ?? signalled;
    await Promise.race([working, signalled, running.failed]);
  } finally {
    work?.abort();
    process.stdout.write("draining …\n");
    await running.stop();
  }
  process.stdout.write("stopped: everything received is written\n");
  return 0;
}

function printConfig({ config, origins }: Settings): void {
  process.stdout.write(stringify(config));
  for (const [path, origin] of origins) process.stdout.write(`# ${path}: ${origin}\n`);
}

/** The command that runs a program, with the options every program has. */
export function commandOf<R extends Running>(program: Program<R>): (args: string[]) => Promise<number> {
  return async (args) => {
    const { check, printConfig: print, ...given } = readArguments(args, program.options);
    if (given.help) {
      process.stdout.write(`v6meter ${program.name}: ${program.says}\n\n${optionsHelp(program.options)}`);
      return 0;
    }
    const settings = given.settings();
    if (print) printConfig(settings);
    if (check) {
      loadRegistry(settings.config.classifier.registry_dir);
      process.stderr.write("settings and registry are right\n");
    }
    if (print || check) return 0;
    return run(program, settings.config);
  };
}
