import { execFileSync } from "node:child_process";
import { afterEach, expect, test, vi } from "vitest";
import { debianPackages, notRun } from "./index.ts";

afterEach(() => vi.unstubAllEnvs());

test("a program of a package that is fetched runs with the libraries it was fetched with", () => {
  const unpacked = debianPackages(["jq"], { suite: "packages of Debian" });
  // Said by debianPackages, and an error under CI.
  if (!unpacked) return;
  const printed = execFileSync(unpacked.file("usr/bin/jq"), ["-n", "6*7"], { env: unpacked.env }).toString();
  expect(printed).toBe("42\n");
});

test("a package that no Debian has is a failure under CI, and a line elsewhere", () => {
  vi.stubEnv("CI", "true");
  expect(() => notRun("a suite", "its tool is missing")).toThrow("NOT RUN: a suite: its tool is missing");
  vi.stubEnv("CI", "");
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  expect(notRun("a suite", "its tool is missing")).toBeNull();
  write.mockRestore();
  expect(said).toEqual(["NOT RUN: a suite: its tool is missing\n"]);
});
