import { loadRegistry } from "@v6meter/classify";
import { createLogger, type Settings, untilSignal } from "@v6meter/runtime";
import { formatHostPort } from "@v6meter/schemas";
import { stringify } from "yaml";
import { type App, startApp } from "./app.ts";
import { readStartArguments, START_HELP } from "./start-options.ts";

function printConfig({ config, origins }: Settings): void {
  process.stdout.write(stringify(config));
  for (const [path, origin] of origins) process.stdout.write(`# ${path}: ${origin}\n`);
}

/** What a person needs to know after a start, on standard output. */
export function announce(app: App, dataDir: string): void {
  const http = `http://${formatHostPort(app.http)}`;
  const lines = [
    `UDP   ${app.udp.map(formatHostPort).join("  ")}  (NetFlow v1, v5, v7, v9, IPFIX on each)`,
    `API   ${http}/api/v1/traffic/share`,
    `docs  ${http}/docs`,
    app.adminKey.created
      ? `key   ${app.adminKey.key}  (shown once; kept in ${dataDir}/admin.key)`
      : `key   in ${dataDir}/admin.key`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/**
 * Runs until a signal or until a part fails; either way everything is drained and stopped. `work` is given
 * up by `abort` when the signal comes first.
 */
export async function runUntilSignal(
  app: App,
  work: () => Promise<void> = async () => {},
  abort: () => void = () => {},
): Promise<number> {
  const signalled = untilSignal();
  try {
    await Promise.race([work().then(() => signalled), signalled, app.failed]);
  } finally {
    abort();
    process.stdout.write("draining …\n");
    await app.stop();
  }
  process.stdout.write("stopped: everything received is written\n");
  return 0;
}

export async function start(args: string[]): Promise<number> {
  const { check, printConfig: print, ...given } = readStartArguments(args);
  if (given.help) {
    process.stdout.write(`v6meter start: the platform in one process\n\n${START_HELP}`);
    return 0;
  }
  const settings = given.settings();
  if (print) printConfig(settings);
  if (check) {
    loadRegistry(settings.config.classifier.registry_dir);
    process.stderr.write("settings and registry are right\n");
  }
  if (print || check) return 0;

  const app = await startApp(settings.config, createLogger(settings.config.log_level, "v6meter"));
  announce(app, settings.config.data_dir);
  return runUntilSignal(app);
}
