import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
// A font under OFL is data that goes into pages; it may be embedded in documents under any terms.
const ALLOWED = [
  "MIT",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "Apache-2.0",
  "(MIT AND Zlib)",
  "MIT AND OFL-1.1",
];

interface Manifest {
  workspaces: string[];
  dependencies?: Record<string, string>;
}

interface Locked {
  version?: string;
  license?: string;
  link?: boolean;
  dev?: boolean;
  devOptional?: boolean;
}

const json = <T>(path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
const { workspaces } = json<Manifest>("package.json");
const used = new Set(
  workspaces.flatMap((folder) => Object.keys(json<Manifest>(join(folder, "package.json")).dependencies ?? {})),
);
const external = [...used].filter((name) => !name.startsWith("@v6meter/")).sort();

test("every package that runs with it has its line of reason, and no line is left over", () => {
  const text = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const table = text.slice(text.indexOf("| package | reason |"), text.indexOf("`node-netflowv9` (GPL-2.0)"));
  const listed = [...table.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string).sort();
  expect(listed).toEqual(external);
});

test("nothing under a licence that binds the whole is installed to run with it", () => {
  const { packages } = json<{ packages: Record<string, Locked> }>("package-lock.json");
  const running = Object.entries(packages).filter(
    ([path, { link, dev, devOptional }]) => path.startsWith("node_modules/") && !link && !dev && !devOptional,
  );
  expect(running.length).toBeGreaterThan(external.length);
  // Of a package whose manifest names none, the first line of its own LICENSE.
  const read = (path: string) =>
    readFileSync(join(ROOT, path, "LICENSE"), "utf8")
      .split("\n")[0]
      ?.replace(" License", "");
  const others = running.filter(([path, { license }]) => !ALLOWED.includes(license ?? read(path) ?? "none"));
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test("the lockfile names no registry", () => {
  expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "http/);
});
