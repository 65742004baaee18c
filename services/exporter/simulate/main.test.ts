import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "main.ts");
const simulate = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 26 });

test("with --json its output is one line: the figures of the run and the truth, counters as strings", async () => {
  const receiver = createSocket("udp4");
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  const to = `127.0.0.1:${receiver.address().port}`;
  const { stdout } = await simulate("--to", to, "--records", "800", "--rate", "max", "--seed", "3", "--json").finally(
    () => receiver.close(),
  );
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const { records_per_s, truth } = JSON.parse(stdout);
  expect(records_per_s).toBeGreaterThan(0);
  expect(truth).toMatchObject({ scenario: "demo", seed: 3, bytes: expect.stringMatching(/^\d+$/) });
  expect(truth.routers).toHaveLength(9);
});

test.each([
  {
    says: "a rate that is none",
    args: ["--rate", "fast"],
    message: "--rate: found fast, allowed is a whole number from 1.",
  },
  {
    says: "a target that is none",
    args: ["--to", "somewhere"],
    message: "--to: found somewhere, allowed is HOST:PORT",
  },
  { says: "an option that does not exist", args: ["--recrods", "5"], message: "'--recrods'" },
])("$says ends it with one sentence and exit code 78", async ({ args, message }) => {
  await expect(simulate(...args)).rejects.toMatchObject({ code: 78, stderr: expect.stringContaining(message) });
});
