import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./command.ts";
import { type Platform, standaloneEnvironment, startPlatform } from "./platform.ts";

const PROGRAM = join(ROOT, "services/standalone/bin/v6meter.js");
let folder: string;
let platform: Platform;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-e2e-access-"));
  platform = await startPlatform(folder, { args: ["--registry", join(ROOT, "infra/demo/registry")] });
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

function v6meter(...args: string[]) {
  const all = [PROGRAM, ...args];
  const result = spawnSync(process.execPath, all, { cwd: folder, encoding: "utf8", env: standaloneEnvironment() });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

const status = async (key: string, path: string, init: RequestInit = {}) =>
  (
    await fetch(`${platform.http}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    })
  ).status;
const sql = (key: string, query: string) =>
  status(key, "/api/v1/sql", { method: "POST", body: JSON.stringify({ query }) });
const atSqlPort = async (key: string, query: string) =>
  (
    await fetch(platform.sqlPort, {
      method: "POST",
      body: query,
      headers: { "X-ClickHouse-User": "li", "X-ClickHouse-Key": key },
    })
  ).status;

test("keys are given and taken while the platform runs, and the log of it all holds", async () => {
  const data = ["--data", folder];
  const give = (...args: string[]) => v6meter("key", "create", ...args, ...data).out.trim();
  const analyst = give("li", "--role", "analyst");
  const operator = give("mobile-noc", "--role", "operator", "--operator", "mobile");
  const regulator = give("office", "--role", "regulator");

  expect(await status(regulator, "/api/v1/exporters")).toBe(200);
  expect(await status(operator, "/api/v1/traffic/share?by=operator")).toBe(200);
  expect(await status(operator, "/api/v1/traffic/share?operator=telecom")).toBe(403);
  expect(await status(analyst, "/api/v1/exporters")).toBe(403);
  expect(await status(regulator, "/metrics")).toBe(403);
  expect(await sql(analyst, "SELECT count() FROM flows")).toBe(200);
  expect(await sql(analyst, "SELECT count() FROM default.flows")).toBe(400);
  expect(await sql(platform.key, "SELECT count() FROM default.flows")).toBe(200);
  expect(await sql(regulator, "SELECT 1")).toBe(403);
  expect(await atSqlPort(analyst, "SELECT count() FROM flows")).toBe(200);
  expect(await atSqlPort(analyst, "SELECT count() FROM default.flows")).toBe(403);
  expect(await atSqlPort(regulator, "SELECT 1")).toBe(403);

  expect(v6meter("key", "revoke", "li", ...data).code).toBe(0);
  expect(await sql(analyst, "SELECT 1")).toBe(401);
  expect(await atSqlPort(analyst, "SELECT 1")).toBe(403);

  const verified = v6meter("audit", "verify", ...data);
  expect(verified.out).toMatch(/^\d+ records in .* hold together\n/);
  expect(Number.parseInt(verified.out, 10)).toBeGreaterThan(20);
  expect(platform.output()).not.toContain(analyst);
});

test("a unit's figures go from its file into the indicator, by the regulator, and into the log", {
  timeout: 240_000,
}, async () => {
  const data = ["--data", folder];
  const give = (...args: string[]) => v6meter("key", "create", ...args, ...data).out.trim();
  const unit = give("telecom-desk", "--role", "operator", "--operator", "telecom");
  const regulator = give("office-desk", "--role", "regulator");
  const ask = async (key: string, path: string, type: string, body?: string) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    const answer = await fetch(
      `${platform.http}/api/v1${path}`,
      body === undefined ? { headers } : { method: "POST", headers, body },
    );
    return { status: answer.status, json: JSON.parse(await answer.text()) };
  };
  const file = "region,operator,numerator,denominator\n210100,telecom,30,40\n";
  writeFileSync(join(folder, "stb.csv"), file);
  writeFileSync(join(folder, "unit.key"), unit, { mode: 0o600 });
  const handIn = (...args: string[]) =>
    v6meter("submit", "stb.csv", "--series", "stb_share", "--url", platform.http, "--key-file", "unit.key", ...args);
  const held = handIn("--month", "2025-03");
  expect(held.code, held.err).toBe(1);
  expect(held.err).toContain("stb.csv: warning: there is no figure of 210200 telecom");
  const sent = handIn("--month", "2025-03", "--confirm");
  expect(sent.out).toBe("2025-03.stb_share.telecom version 2 submitted: 1 rows, 0 errors, 13 warnings\n");
  expect(sent.code).toBe(0);
  expect(handIn("--month", "2025-3").err).toContain("month");
  const accept = "/submissions/2025-03.stb_share.telecom/accept";
  expect((await ask(unit, accept, "application/json", '{"version": 2}')).status).toBe(403);
  expect((await ask(regulator, accept, "application/json", '{"version": 2}')).json.state).toBe("accepted");
  const figures = await ask(unit, "/indicators/stb_share?month=2025-03&by=region", "application/json");
  expect(figures.json.rows).toMatchObject([{ region: "210100", value: 0.75 }]);
  expect(v6meter("audit", "verify", ...data).code).toBe(0);
});

test("it is not opened to other machines while the generated key is the only one", () => {
  const other = mkdtempSync(join(tmpdir(), "v6meter-e2e-open-"));
  for (const [option, setting] of [
    ["--http", "query.http"],
    ["--sql", "store.sql"],
  ] as const) {
    const { code, err } = v6meter("start", "--data", other, "--udp", "127.0.0.1:0", option, "0.0.0.0:0");
    expect(code).toBe(78);
    expect(err).toContain(`${setting}: 0.0.0.0:0 is open to other machines`);
  }
  rmSync(other, { recursive: true, force: true });
});

test("a log that was changed is told with the place", () => {
  const file = join(folder, "audit", "audit-000001.jsonl");
  writeFileSync(file, "{}\n", { flag: "a" });
  const { code, err } = v6meter("audit", "verify", "--data", folder);
  expect(code).not.toBe(0);
  expect(err).toMatch(/audit-000001\.jsonl: line \d+ was changed: it is not a record/);
});
