import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runDemo } from "@v6meter/exporter";
import { formatHostPort, type HostPort } from "@v6meter/schemas";
import { APP, type App } from "./app.ts";
import { optionsHelp, readArguments } from "./options.ts";
import { run } from "./run.ts";

const INFRA = resolve(import.meta.dirname, "../../infra");
const SEED = 20_181_101;

async function ask({ http, adminKey }: App, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${adminKey.key}` };
  const response = await fetch(`http://${formatHostPort(http)}${path}`, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The platform on a data folder of its own, fed with a simulated day and the repo's captures. */
export async function demo(args: string[]): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), "v6meter-demo-"));
  try {
    const given = readArguments(args, APP.options, {
      data_dir: temporary,
      log_level: "warn",
      "classifier.registry_dir": join(INFRA, "demo/registry"),
    });
    if (given.help) {
      process.stdout.write(
        `v6meter demo: the platform fed with a simulated day and real captures\n\n${optionsHelp(APP.options)}`,
      );
      return 0;
    }
    const abort = new AbortController();
    return await run(APP, given.settings().config, {
      abort: () => abort.abort(),
      run: (app) =>
        runDemo({
          to: app.udp[0] as HostPort,
          capturesDir: join(INFRA, "captures"),
          query: (path) => ask(app, path),
          out: process.stdout,
          seed: SEED,
          signal: abort.signal,
        }),
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
