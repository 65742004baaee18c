import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runDemo } from "@v6meter/exporter";
import { createLogger } from "@v6meter/runtime";
import { formatHostPort, type HostPort } from "@v6meter/schemas";
import { startApp } from "./app.ts";
import { announce, runUntilSignal } from "./start.ts";
import { readStartArguments, START_HELP } from "./start-options.ts";

const INFRA = resolve(import.meta.dirname, "../../infra");
const SEED = 20_181_101;

/** The platform on a data folder of its own, fed with a simulated day and the repo's captures. */
export async function demo(args: string[]): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), "v6meter-demo-"));
  try {
    const given = readStartArguments(args, {
      data_dir: temporary,
      log_level: "warn",
      "classifier.registry_dir": join(INFRA, "demo/registry"),
    });
    if (given.help) {
      process.stdout.write(`v6meter demo: the platform fed with a simulated day and real captures\n\n${START_HELP}`);
      return 0;
    }
    const { config } = given.settings();
    const app = await startApp(config, createLogger(config.log_level, "v6meter"));
    announce(app, config.data_dir);
    const http = `http://${formatHostPort(app.http)}`;
    const abort = new AbortController();
    return await runUntilSignal(
      app,
      () =>
        runDemo({
          to: app.udp[0] as HostPort,
          capturesDir: join(INFRA, "captures"),
          query: async (path) => {
            const response = await fetch(`${http}${path}`, {
              headers: { authorization: `Bearer ${app.adminKey.key}` },
            });
            if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
            return response.json();
          },
          out: process.stdout,
          seed: SEED,
          signal: abort.signal,
        }),
      () => abort.abort(),
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
