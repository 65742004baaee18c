import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type LiveResult,
  loadPopulation,
  type PopulationUsers,
  playLive,
  populationClients,
  populationRegistry,
} from "@v6meter/exporter";
import { type api, type HostPort, type PopulationScenario, parseHostPort } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Platform, settled, startPlatform } from "./platform.ts";

const SECRET = "a secret that stands in no log";
const SUBSCRIBERS = 3_000;
const WAIT_MAX_MS = 60_000;

/**
 * Routers that keep time and lose nothing: what is left is the platform's. Compressed, no prefix is handed on
 * within seconds; that is tried in virtual time (infra/accuracy).
 */
function exactProvince(): PopulationScenario {
  const scenario = loadPopulation();
  for (const router of scenario.routers)
    Object.assign(router, { clock_offset_ms: 0, withheld_share: 0, first_template_after_datagrams: 0 });
  return scenario;
}

describe("a day of a province, its flows and its accounting over UDP", () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-users-"));
  let platform: Platform;
  let played: LiveResult;
  let month: string;

  beforeAll(async () => {
    const scenario = exactProvince();
    const registry = join(folder, "registry");
    mkdirSync(registry);
    for (const [name, text] of Object.entries(populationRegistry(scenario))) writeFileSync(join(registry, name), text);
    writeFileSync(join(folder, "radius.secret"), SECRET, { mode: 0o600 });
    writeFileSync(join(folder, "clients.yaml"), populationClients(scenario, "radius.secret"));
    platform = await startPlatform(folder, {
      args: ["--registry", registry, "--clients", join(folder, "clients.yaml"), "--accounting", "127.0.0.1:0"],
      env: { V6METER_LOG_LEVEL: "trace" },
    });
    const radius = parseHostPort(/^AAA +(\S+)/m.exec(platform.output())?.[1] ?? "") as HostPort;
    played = await playLive({
      scenario,
      seed: 7,
      to: platform.udp,
      accounting: { to: radius, secret: Buffer.from(SECRET) },
      subscribers: SUBSCRIBERS,
      days: 1,
      speed: 4_000,
      samplingRate: 1,
      aaa: "all",
    });
    await settled(platform, played.datagrams, WAIT_MAX_MS);
    await sessionsStored();
    month = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7);
  }, 240_000);

  afterAll(async () => {
    await platform?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until every session event that was published is in the store. */
  async function sessionsStored(): Promise<void> {
    const giveUpAt = Date.now() + WAIT_MAX_MS;
    for (;;) {
      const rows = await platform.sql<[string, string]>(
        "SELECT stage, toString(sum(count)) FROM ledger WHERE stage IN ('account', 'record') AND outcome = 'forwarded' GROUP BY stage",
      );
      const [account, record] = ["account", "record"].map((stage) =>
        Number(rows.find(([it]) => it === stage)?.[1] ?? 0),
      );
      if (record === played.truth.sessionEvents && account === record) return;
      if (Date.now() > giveUpAt)
        throw new Error(`${played.truth.sessionEvents} events, published ${account}, stored ${record}`);
      await sleep(200);
    }
  }

  const truthBy = (value: (row: PopulationUsers) => number) => {
    const sums = new Map<string, number>();
    for (const row of played.truth.users)
      if (row.period === "month") sums.set(row.access, (sums.get(row.access) ?? 0) + value(row));
    return sums;
  };

  test("every request was answered, and answered for good", () => {
    expect(played.accounting).toMatchObject({ answered: played.truth.sessionEvents, unanswered: 0, foreign: 0 });
    expect(played.truth.sessionEvents).toBeGreaterThan(SUBSCRIBERS);
  });

  test.each(["mobile", "fixed", "iot"])(
    "active %s users are those who sent something of their own by IPv6",
    async (access) => {
      const answer = await platform.get<api.ActiveUsers>(`/api/v1/users/active?month=${month}&by=access`);
      const row = answer.rows.find((it) => it.access === access);
      const truth = truthBy(({ active_v6 }) => active_v6).get(access) as number;
      expect(row?.coverage).toBeGreaterThan(0.97);
      expect(Math.abs((row?.users ?? 0) - truth)).toBeLessThanOrEqual(Math.ceil(truth * 0.01));
    },
  );

  test("assigned users are those whose sessions were given IPv6", async () => {
    const answer = await platform.get<api.AssignedUsers>(`/api/v1/users/assigned?month=${month}&by=access`);
    const truth = truthBy(({ assigned_v6 }) => assigned_v6);
    for (const access of ["mobile", "fixed", "iot"]) {
      const row = answer.rows.find((it) => it.access === access);
      expect(row?.users, access).toBe(truth.get(access));
    }
  });

  test("raw addresses of subscribers are in no log, metric or answer, and in no table but flows and sessions", async () => {
    const [[address = ""] = []] = await platform.sql<[string]>(
      "SELECT toString(src_addr) FROM flows WHERE active_family = 6 AND subscriber_method = 'session' LIMIT 1",
    );
    const prefix = address.split(":").slice(0, 4).join(":");
    expect(prefix.split(":")).toHaveLength(4);
    expect(platform.output()).not.toContain(prefix);
    for (const path of [
      "/metrics",
      "/api/v1/exporters",
      "/api/v1/ledger",
      `/api/v1/users/active?month=${month}&by=region`,
    ])
      expect(await asText(path), path).not.toContain(prefix);
    const columns = await platform.sql<[string, string]>(
      "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND type IN ('IPv6', 'IPv4')",
    );
    // Exporters and RADIUS clients are machines; `remote` is cut to /48 and /24.
    const machines = ["exporter", "client", "remote"];
    const personal = columns.filter(([, name]) => !machines.includes(name)).map(([table]) => table);
    expect([...new Set(personal)].sort()).toEqual(["flows", "sessions"]);
  });

  test("an identity is nowhere: in no log, metric, table, answer or file of the platform", async () => {
    const identity = /\w+-\d+@\w+\.example/;
    expect(identity.test("mobile-17@telecom.example")).toBe(true);
    const places: Record<string, string> = {};
    for (const path of ["/metrics", "/api/v1/exporters", "/api/v1/ledger", `/api/v1/users/active?month=${month}`])
      places[path] = await asText(path);
    // The engine's files are compressed: its texts are asked of it.
    const texts = await platform.sql<[string, string]>(
      "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND type IN ('String', 'LowCardinality(String)')",
    );
    expect(texts.length).toBeGreaterThan(20);
    for (const [table, column] of texts) {
      const [[found] = []] = await platform.sql<[string]>(
        `SELECT toString(countIf(match(${column}, '[a-z]+-[0-9]+@[a-z]+[.]example'))) FROM ${table}`,
      );
      expect(found, `${table}.${column}`).toBe("0");
    }
    // Stopped, so that the engine moves no file while they are read.
    expect(await platform.stop()).toBe(0);
    places["the log"] = platform.output();
    for (const file of filesOf(folder)) places[file] = readFileSync(file, "latin1");
    for (const [place, text] of Object.entries(places)) expect(identity.exec(text)?.[0], place).toBeUndefined();
    expect(Object.keys(places).length).toBeGreaterThan(10);
    for (const [place, text] of Object.entries(places))
      if (!place.endsWith("radius.secret")) expect(text.includes(SECRET), place).toBe(false);
  });

  const asText = async (path: string) =>
    (await fetch(`${platform.http}${path}`, { headers: { authorization: `Bearer ${platform.key}` } })).text();
});

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
