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
function announce(app: App, dataDir: string): void {
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

/** Work done while the program runs; `abort` gives it up when a signal comes first. */
export interface Work {
  run(app: App): Promise<void>;
  abort(): void;
}

/**
 * Starts the program and runs it until a signal or until a part fails; either way everything is drained
 * and stopped. A signal that comes while it starts stops it as soon as it is up.
 */
export async function runProgram({ config }: Settings, work?: Work): Promise<number> {
  const signalled = untilSignal();
  const app = await startApp(config, createLogger(config.log_level, "v6meter"));
  announce(app, config.data_dir);
  try {
    const working = work?.run(app).then(() => signalled) ?? signalled;
    await Promise.race([working, signalled, app.failed]);
  } finally {
    work?.abort();
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
  return runProgram(settings);
}
