import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { clientsFile } from "@v6meter/schemas";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";

const MAIN = join(import.meta.dirname, "main.ts");
const province = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 28 });
const folder = mkdtempSync(join(tmpdir(), "v6meter-province-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("with --json its output is one line, and --truth writes the same truth", async () => {
  const receiver = createSocket("udp4");
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  const truthFile = join(folder, "truth.json");
  const to = `127.0.0.1:${receiver.address().port}`;
  const { stdout } = await province(
    ...["--to", to, "--subscribers", "300", "--speed", "100000", "--seed", "3", "--json", "--truth", truthFile],
  ).finally(() => receiver.close());
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const { truth, records, accounting } = JSON.parse(stdout);
  expect(truth).toMatchObject({ scenario: "liaoning", seed: 3, days: 1 });
  expect(truth).toEqual(JSON.parse(readFileSync(truthFile, "utf8")));
  expect(records).toBeGreaterThan(300);
  expect(accounting).toBeNull();
});

test("--registry and --clients write the files of a collector's and a session collector's settings", async () => {
  const clients = join(folder, "clients.yaml");
  const registry = join(folder, "registry");
  await province("--registry", registry, "--clients", clients, "--secret-file", "radius.secret");
  expect(readdirSync(registry).sort()).toEqual(["exporters.yaml", "prefixes.csv", "transition.yaml"]);
  const parsed = clientsFile.parse(parse(readFileSync(clients, "utf8")));
  expect(parsed.clients).toHaveLength(16 * 14);
  expect(parsed.clients[0]).toMatchObject({ operator: "telecom", region: "210100", secret_file: "radius.secret" });
});

test.each([
  {
    says: "a speed that is none",
    args: ["--speed", "fast"],
    message: "--speed: found fast, allowed is a whole number",
  },
  {
    says: "a coverage that is none",
    args: ["--aaa", "some"],
    message: "--aaa: found some, allowed are all, half, none",
  },
  { says: "accounting without a secret", args: ["--radius", "127.0.0.1:1813"], message: "--secret-file: is needed" },
  { says: "more days than a month has", args: ["--days", "40"], message: "1 to 28 days are played, not 40" },
])("$says ends it with one sentence and exit code 78", async ({ args, message }) => {
  await expect(province(...args)).rejects.toMatchObject({ code: 78, stderr: expect.stringContaining(message) });
});
