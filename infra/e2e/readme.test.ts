import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaIsThere } from "@v6meter/kafka";
import { formatHostPort } from "@v6meter/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, runCommandLine } from "./command.ts";
import { type Platform, startPlatform } from "./platform.ts";

/** Commands that run as tests of their own, and where. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "npm ci": ".ci/run",
  "npm test": ".ci/run",
  "npm run demo": "demo.test.ts",
  "npm start": "program.test.ts",
};

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const commands = [...README.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .flatMap((match) => (match[1] as string).trim().split("\n"))
  .flatMap((line) => (line.startsWith("npm ci && ") ? line.split(" && ") : [line]));

const data = mkdtempSync(join(tmpdir(), "v6meter-readme-"));
let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform(data);
});
afterAll(async () => {
  await platform.kill();
  rmSync(data, { recursive: true });
});

test("the README has commands", () => expect(commands.length).toBeGreaterThan(10));

const curl = spawnSync("curl", ["--version"]).status === 0;
if (!curl) process.stdout.write("SKIPPED: there is no curl here, the README's questions to the API are not asked\n");
if (!curl && process.env.CI) throw new Error("curl is missing: CI cannot go without it");

const kafka = kafkaIsThere();
const here = commands.filter(
  (command) =>
    !(command in ELSEWHERE) && (curl || !command.startsWith("curl")) && (kafka || !command.includes("run e2e")),
);

test.each(here)("%s", { timeout: 240_000 }, async (command) => {
  const line = command
    .replaceAll("http://127.0.0.1:8080", platform.http)
    .replaceAll("http://127.0.0.1:8123", platform.sqlPort)
    .replaceAll("127.0.0.1:2055", formatHostPort(platform.udp))
    .replaceAll("data/admin.key", join(data, "admin.key"))
    .replaceAll("data/analyst.key", join(data, "analyst.key"));
  const running = runCommandLine(line.replace(/^curl -s/, "curl -sS --fail-with-body"));
  expect(await running.ended(), running.output()).toBe(0);
  expect(running.output().length).toBeGreaterThan(0);
});

test("every script of package.json that the README names exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const [, name] of README.matchAll(/npm run ([a-z0-9:]+)/g)) expect(Object.keys(scripts)).toContain(name);
});
