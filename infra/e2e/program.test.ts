import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { formatHostPort } from "@v6meter/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "./command.ts";
import { FlowSender } from "./flow-sender.ts";
import { type Platform, settled, standaloneEnvironment, startPlatform } from "./platform.ts";

const PROGRAM = join(ROOT, "services/standalone/bin/v6meter.js");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-program-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, node: readonly string[] = []) {
  const result = spawnSync(process.execPath, [...node, PROGRAM, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...standaloneEnvironment(), ...env },
    timeout: 30_000,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

describe("the command line", () => {
  test("--help tells every option and starts nothing", () => {
    const { code, out } = run(["start", "--help"]);
    expect(code).toBe(0);
    for (const option of ["--data", "--udp", "--http", "--config", "--check", "--print-config"])
      expect(out).toContain(option);
  });

  test("what --print-config prints is a file that --check finds right", () => {
    const printed = run(["--print-config", "--data", join(folder, "elsewhere")]);
    expect(printed.code).toBe(0);
    writeFileSync(join(folder, "v6meter.yaml"), printed.out);
    const checked = run(["--check", "--print-config"]);
    expect(checked).toMatchObject({ code: 0, err: "settings and registry are right\n" });
    expect(checked.out).toContain(`data_dir: ${join(folder, "elsewhere")}`);
  });

  test("a wrong setting is refused with its path, what was found and what is allowed", () => {
    writeFileSync(join(folder, "v6meter.yaml"), "collector:\n  batch_rows: many\n  colour: blue\n");
    const { code, err } = run(["--check"]);
    expect(code).toBe(78);
    expect(err).toContain(
      'collector.batch_rows (v6meter.yaml): found "many", allowed is a whole number from 1024 to 1048576.',
    );
    expect(err).toContain("collector.colour (v6meter.yaml): unknown setting; allowed here: ");
  });

  test("a mistake in the registry is refused with file and line", () => {
    const registry = join(folder, "registry");
    mkdirSync(registry);
    writeFileSync(
      join(registry, "prefixes.csv"),
      "prefix,operator,region,access,valid_from,valid_to,subscriber_prefix_length\n240e:30c::1/30,telecom,210100,fixed,,,\n",
    );
    const { code, err } = run(["--check", "--registry", registry]);
    expect(code).toBe(78);
    expect(err).toMatch(/prefixes\.csv:2: /);
  });

  test.each([
    { says: "an unknown flag", args: ["start", "--colour"], code: 78, err: /--colour/ },
    { says: "an unknown command", args: ["paint"], code: 64, err: /no command "paint"; there are start, demo/ },
  ])("$says is refused in one line", ({ args, code, err }) => {
    const refused = run(args);
    expect(refused.code).toBe(code);
    expect(refused.err).toMatch(err);
    expect(refused.err.trim().split("\n")).toHaveLength(1);
  });

  test.each([
    {
      says: "start with a broker",
      args: ["start"],
      env: { KAFKA_BROKERS: "127.0.0.1:9092" },
      code: 78,
      err: /bus\.kafka\.brokers: start runs bus and store in its own process/,
    },
    {
      says: "a collector without a broker",
      args: ["collector"],
      env: {},
      code: 78,
      err: /bus\.kafka\.brokers: none is set/,
    },
    {
      says: "a classifier without a store",
      args: ["classifier", "--kafka", "127.0.0.1:9092"],
      env: {},
      code: 78,
      err: /store\.url: none is set/,
    },
    { says: "a query API without a store", args: ["query"], env: {}, code: 78, err: /store\.url: none is set/ },
  ])("$says: $err", ({ args, env, code, err }) => {
    const told = run(args, env);
    expect(told.code).toBe(code);
    expect(told.err).toMatch(err);
  });

  test("repair forgets inserts whose part is not there, and leaves a running server alone", () => {
    const table = join(folder, "store/abc/table");
    const log = join(table, "deduplication_logs/deduplication_log_1.txt");
    mkdirSync(join(table, "deduplication_logs"), { recursive: true });
    mkdirSync(join(table, "20261124_1_1_0"));
    writeFileSync(log, "1\t20261124_1_1_0\t20261124_a\n1\t20261124_2_2_0\t20261124_b\n");
    writeFileSync(join(folder, "status"), `PID: ${process.pid}\n`);
    expect(run(["repair", "--path", folder])).toMatchObject({
      code: 1,
      err: expect.stringContaining("stop the server"),
    });
    rmSync(join(folder, "status"));
    expect(run(["repair", "--path", folder])).toMatchObject({ code: 0, out: "1 inserts without a part forgotten\n" });
    expect(readFileSync(log, "utf8")).toBe("1\t20261124_1_1_0\t20261124_a\n");
    expect(run(["repair", "--path", join(folder, "none")])).toMatchObject({ code: 78 });
  });

  test("too old a Node.js gets one line, not a syntax error", () => {
    const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.19.0'})";
    const { code, err } = run(["start"], {}, ["--import", old]);
    expect(code).toBe(78);
    expect(err).toMatch(/^v6meter: needs Node\.js 24 or later, this is 20\.19\.0: [^\n]+\n$/);
  });
});

describe("the running program", () => {
  let platform: Platform | undefined;
  afterEach(async () => {
    if (platform?.process.exitCode === null) await platform.kill();
  });

  test("a data folder and an address belong to one process: a second one says so and ends", async () => {
    platform = await startPlatform(folder);
    const sameData = run(["--data", folder, "--udp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    expect(sameData.code).toBe(1);
    expect(sameData.err).toMatch(/v6meter start: .*(in use|belongs to)/);
    const other = mkdtempSync(join(tmpdir(), "v6meter-program-"));
    const sameUdp = run(["--data", other, "--udp", formatHostPort(platform.udp), "--http", "127.0.0.1:0"]);
    rmSync(other, { recursive: true });
    expect(sameUdp.code).toBe(1);
    expect(sameUdp.err).toContain(`cannot listen on ${formatHostPort(platform.udp)} (EADDRINUSE)`);
    expect(await platform.stop()).toBe(0);
  });

  test("SIGTERM right after the last datagram loses nothing", async () => {
    platform = await startPlatform(folder);
    const sender = await FlowSender.open("127.9.1.1", platform.udp);
    for (let i = 0; i < 500; i++) await sender.send();
    sender.close();
    expect(await platform.stop()).toBe(0);
    expect(platform.output()).toContain("stopped: everything received is written");
    platform = await startPlatform(folder);
    const [row] = await platform.sql<[string, string]>(
      "SELECT toString(count()), toString(uniqExact(src_addr)) FROM flows",
    );
    expect(row).toEqual([String(sender.records), String(sender.records)]);
    const [received] = await platform.sql<[string]>(
      "SELECT toString(sum(count)) FROM ledger WHERE stage = 'receive' AND outcome = 'received'",
    );
    expect(received).toEqual([String(sender.datagrams)]);
    expect(await platform.stop()).toBe(0);
  });

  test("a signal is heeded from the first moment on: it stops the program as soon as it is up", async () => {
    const child = spawn(
      process.execPath,
      [PROGRAM, "--data", folder, "--udp", "127.0.0.1:0", "--http", "127.0.0.1:0"],
      {
        env: standaloneEnvironment(),
      },
    );
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output === "") child.kill("SIGTERM");
      output += text;
    });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(output).toContain("stopped: everything received is written");
  });

  test("a change of the registry is in force without a restart", async () => {
    const registry = join(folder, "registry");
    mkdirSync(registry);
    platform = await startPlatform(folder, { args: ["--registry", registry] });
    const sender = await FlowSender.open("127.9.1.2", platform.udp);
    await sender.send();
    await settled(platform, 1);
    writeFileSync(
      join(registry, "prefixes.csv"),
      "prefix,operator,region,access,valid_from,valid_to,subscriber_prefix_length\n240e:30c::/64,telecom,210100,fixed,,,\n",
    );
    const regions = async () =>
      (await (platform as Platform).sql<[string]>("SELECT DISTINCT region FROM flows ORDER BY region")).flat();
    for (let i = 0; i < 100 && !(await regions()).includes("210100"); i++) {
      await sender.send();
      await sleep(200);
    }
    sender.close();
    expect(await regions()).toEqual(["210000", "210100"]);
  });

  test("heavy queries beside the traffic cost no datagram and no row", async () => {
    platform = await startPlatform(folder);
    const { sql, get, udp } = platform;
    const sender = await FlowSender.open("127.9.1.3", udp);
    let asking = true;
    const answers = { sql: 0, share: 0 };
    const ask = async (what: keyof typeof answers, question: () => Promise<unknown>) => {
      while (asking) {
        await question();
        answers[what]++;
      }
    };
    const asked = [
      ask("sql", () => sql("SELECT uniqExact(cityHash64(number, number + 1)) FROM numbers_mt(3000000)")),
      ask("share", () => get("/api/v1/traffic/share?by=region,operator,technology,exporter&interval=5m")),
    ];
    for (let i = 0; i < 3_000; i++) {
      await sender.send();
      if (i % 10 === 9) await sleep(5);
    }
    asking = false;
    await Promise.all(asked);
    sender.close();
    await settled(platform, sender.datagrams);
    const [row] = await sql<[string, string]>("SELECT toString(count()), toString(uniqExact(src_addr)) FROM flows");
    expect(row).toEqual([String(sender.records), String(sender.records)]);
    expect(
      await sql("SELECT reason, sum(count) FROM ledger WHERE outcome IN ('dropped', 'lost') GROUP BY reason"),
    ).toEqual([]);
    expect(Math.min(answers.sql, answers.share)).toBeGreaterThan(0);
  });

  test("everything but health and docs asks for the key", async () => {
    platform = await startPlatform(folder);
    const status = async (path: string) => (await fetch(`${platform?.http}${path}`)).status;
    expect(await status("/healthz")).toBe(200);
    expect(await status("/readyz")).toBe(200);
    expect(await status("/openapi.json")).toBe(200);
    expect(await status("/docs")).toBe(200);
    for (const path of ["/api/v1/traffic/share", "/api/v1/exporters", "/api/v1/ledger", "/metrics"]) {
      expect(await status(path), path).toBe(401);
    }
    expect(platform.output()).toContain(platform.key);
    const again = platform;
    await again.stop();
    platform = await startPlatform(folder);
    expect(platform.key).toBe(again.key);
    expect(platform.output(), "the key is shown at the first start only").not.toContain(platform.key);
  });

  test("/metrics tells what passed the SQL interface", async () => {
    platform = await startPlatform(folder);
    const { http, key, sqlPort } = platform;
    const password = readFileSync(join(folder, "analyst.key"), "utf8").trim();
    const ask = (given: string) =>
      fetch(`${sqlPort}/`, {
        method: "POST",
        body: "SELECT number FROM numbers(7)",
        headers: { "X-ClickHouse-User": "analyst", "X-ClickHouse-Key": given },
      });
    expect((await ask(password)).status).toBe(200);
    expect((await ask("guessed")).status).toBe(403);
    const metrics = await (await fetch(`${http}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text();
    const told = Object.fromEntries(
      [...metrics.matchAll(/^v6meter_sql_(\w+)_total (\S+)$/gm)].map((it) => it.slice(1)),
    );
    expect(told).toMatchObject({
      requests: "2",
      failed_requests: "1",
      refused_logins: "1",
      limited_logins: "0",
      abandoned_requests: "0",
      answered_rows: "7",
      answered_bytes: "14",
    });
  });
});
