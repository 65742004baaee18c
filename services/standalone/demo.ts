import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadPopulation, populationClients, populationRegistry, runDemo } from "@v6meter/exporter";
import { formatHostPort, type HostPort, type PopulationScenario } from "@v6meter/schemas";
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

/** The province's registry and its RADIUS clients, as files of the folder: the settings that name them. */
async function provinceFiles(
  folder: string,
  scenario: PopulationScenario,
  secret: string,
): Promise<{ registry: string; clients: string }> {
  const registry = join(folder, "registry");
  await mkdir(registry);
  for (const [name, text] of Object.entries(populationRegistry(scenario))) await writeFile(join(registry, name), text);
  await writeFile(join(folder, "radius.secret"), secret, { mode: 0o600 });
  const clients = join(folder, "clients.yaml");
  await writeFile(clients, populationClients(scenario, "radius.secret"));
  return { registry, clients };
}

/** The platform on a data folder of its own, fed with a day of a simulated province and the repo's captures. */
export async function demo(args: string[]): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), "v6meter-demo-"));
  try {
    const scenario = loadPopulation();
    const secret = randomBytes(24).toString("base64url");
    const { registry, clients } = await provinceFiles(temporary, scenario, secret);
    const given = readArguments(args, APP.options, {
      data_dir: join(temporary, "data"),
      log_level: "warn",
      "classifier.registry_dir": registry,
      "sessions.clients_file": clients,
    });
    if (given.help) {
      process.stdout.write(
        `v6meter demo: the platform fed with a day of a simulated province and real captures\n\n${optionsHelp(APP.options)}`,
      );
      return 0;
    }
    const abort = new AbortController();
    return await run(APP, given.settings().config, {
      abort: () => abort.abort(),
      run: (app) =>
        runDemo({
          to: app.udp[0] as HostPort,
          accounting: { to: app.radius[0] as HostPort, secret: Buffer.from(secret) },
          scenario,
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
