import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPopulation, playLive, populationClients, populationRegistry } from "@v6meter/exporter";
import { type HostPort, parseHostPort } from "@v6meter/schemas";
import { type Platform, settled, startPlatform } from "./platform.ts";

const SECRET = "a secret of the console's province";
const WAIT_MAX_MS = 60_000;

/**
 * A running platform with a day of a small province in it: its faulty routers, its sessions, its 14 cities. `env` are
 * settings of it, `speed` is how many times faster the day goes by.
 */
export async function startProvince(
  subscribers = 1_500,
  { env = {}, speed = 20_000 }: { env?: Readonly<Record<string, string>>; speed?: number } = {},
): Promise<{ platform: Platform; folder: string; end(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-console-"));
  const scenario = loadPopulation();
  const registry = join(folder, "registry");
  mkdirSync(registry);
  for (const [name, text] of Object.entries(populationRegistry(scenario))) writeFileSync(join(registry, name), text);
  writeFileSync(join(folder, "radius.secret"), SECRET, { mode: 0o600 });
  writeFileSync(join(folder, "clients.yaml"), populationClients(scenario, "radius.secret"));
  const platform = await startPlatform(folder, {
    args: ["--registry", registry, "--clients", join(folder, "clients.yaml"), "--accounting", "127.0.0.1:0"],
    env,
  });
  const radius = parseHostPort(/^AAA +(\S+)/m.exec(platform.output())?.[1] ?? "") as HostPort;
  const played = await playLive({
    scenario,
    seed: 7,
    to: platform.udp,
    accounting: { to: radius, secret: Buffer.from(SECRET) },
    subscribers,
    days: 1,
    speed,
    samplingRate: 1,
    aaa: "all",
  });
  await settled(platform, played.datagrams, WAIT_MAX_MS);
  return {
    platform,
    folder,
    async end() {
      await platform.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
