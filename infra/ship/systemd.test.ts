import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { loadSettings } from "@v6meter/runtime";
import { afterAll, expect, test } from "vitest";
import { COMMANDS } from "../../services/standalone/commands.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = join(import.meta.dirname, "systemd");
const names = readdirSync(FOLDER).filter((name) => name.endsWith(".service"));
const units = names.map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }));
const values = (text: string, key: string) =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, it = ""]) => it);

const scratch = mkdtempSync(join(tmpdir(), "v6meter-units-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd) process.stdout.write("NOT RUN: systemd-analyze is not here and has not read the units\n");
test.each(hasSystemd ? units : [])("systemd reads $name without a complaint", ({ name, text }) => {
  // An instance of a template has a name; the programs of this test are where it runs.
  const path = join(scratch, name.replace("@.", "@02."));
  writeFileSync(path, text.replaceAll("/opt/v6meter/node_modules/.bin/node", process.execPath));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", path], { encoding: "utf8" });
  expect(stderr.split("\n").filter((line) => line.includes(name.split("@")[0] ?? name))).toEqual([]);
  expect(status).toBe(0);
});

test.each(units)("$name: starts a command that there is, with settings that are allowed", ({ text }) => {
  const [start = ""] = values(text, "ExecStart");
  const [, program = "", command] =
    /^\/opt\/v6meter\/node_modules\/.bin\/node \/opt\/v6meter\/(\S+) (\S+)$/.exec(start) ?? [];
  expect(existsSync(join(ROOT, program))).toBe(true);
  expect(COMMANDS.map((it) => it.name)).toContain(command);
  const env = Object.fromEntries(
    values(text, "Environment").map((it) => it.replaceAll("%i", "02").split("=") as [string, string]),
  );
  const { config } = loadSettings({ env, flags: {}, file: null });
  const [folders = ""] = values(text, "StateDirectory");
  const states = folders.split(" ").map((it) => `/var/lib/${it.replaceAll("%i", "02")}`);
  expect(states).toContain(config.data_dir);
  if (config.keys_dir) expect(states).toContain(config.keys_dir);
});

test.each(units)("$name: has no rights it does not need", ({ text }) => {
  const wanted = {
    User: "v6meter",
    NoNewPrivileges: "true",
    CapabilityBoundingSet: "",
    ProtectSystem: "strict",
    ProtectHome: "true",
    PrivateTmp: "true",
    UMask: "0077",
    StateDirectoryMode: "0700",
  };
  for (const [key, value] of Object.entries(wanted)) expect(values(text, key), key).toEqual([value]);
});

test("a classifier's instance is the end of its page's port", () => {
  const { text = "" } = units.find(({ name }) => name === "v6meter-classifier@.service") ?? {};
  expect(text).toContain("V6METER_CLASSIFIER__MONITOR=127.0.0.1:96%i");
});

test("the kernel grants the receive buffer that is asked for", () => {
  const text = readFileSync(join(FOLDER, "90-v6meter.conf"), "utf8");
  const { config } = loadSettings({ env: {}, flags: {}, file: null });
  expect(Number(/^net\.core\.rmem_max = (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(
    config.collector.receive_buffer_bytes,
  );
});
