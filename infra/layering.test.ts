import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

interface Manifest {
  name: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  /** What a user installs beside it when a setting asks for it. */
  peerDependencies?: Record<string, string>;
}

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
const folders = manifest(ROOT).workspaces as string[];
const workspaces = folders.map((folder, order) => ({ folder, order, ...manifest(join(ROOT, folder)) }));
const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === "node_modules" || existsSync(join(path, "package.json")) ? [] : sources(path);
    return /\.(tsx?|js)$/.test(entry.name) ? [path] : [];
  });
}

/** Static and dynamic imports, re-exports and `new URL("…", import.meta.url)` of a source file. */
function imports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const pattern =
    /^(?:import|export)\s[^;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)|new URL\(\s*"([^"]+)",\s*import\.meta\.url/gm;
  return [...text.matchAll(pattern)].map((match) => match.slice(1).find((target) => target !== undefined) as string);
}

/** Tests, and what builds pages: they may use what does not run with it. */
const isTest = (file: string) =>
  /[.-]test(-[a-z]+)?\.ts$|\.bench\.ts$|contract\.ts$|console\/(vite\.config|build)\.ts$/.test(file);

test("every workspace is where the way of the data puts it", () => {
  const layer = (folder: string) =>
    ["schemas", "sql", "services/lib/", "services/", "infra/"].findIndex((start) => folder.startsWith(start));
  const layers = folders.map(layer);
  expect(layers).toEqual([...layers].sort((a, b) => a - b));
  expect(folders.indexOf("services/standalone")).toBe(
    folders.findLastIndex((folder) => folder.startsWith("services/")),
  );
});

test.each(workspaces)("$folder depends only on what stands above it in the list", ({ order, dependencies }) => {
  for (const name of Object.keys(dependencies ?? {})) {
    const used = byName.get(name);
    if (used) expect(used.order, `it depends on ${used.folder}`).toBeLessThan(order);
  }
});

test.each(workspaces)("$folder imports only what its package.json declares", ({ folder, ...workspace }) => {
  for (const file of sources(join(ROOT, folder))) {
    const declared = {
      ...workspace.dependencies,
      ...workspace.peerDependencies,
      ...(isTest(file) || folder.startsWith("infra") ? workspace.devDependencies : {}),
    };
    const rootDev = isTest(file) ? manifest(ROOT).devDependencies : {};
    for (const target of imports(file)) {
      const where = `${relative(ROOT, file)} imports ${target}`;
      if (target.startsWith("node:")) continue;
      if (target.startsWith(".")) {
        const path = relative(join(ROOT, folder), resolve(dirname(file), target));
        if (!isTest(file)) expect(path.startsWith(".."), `${where}: outside its workspace`).toBe(false);
        continue;
      }
      const name = target
        .split("/")
        .slice(0, target.startsWith("@") ? 2 : 1)
        .join("/");
      if (name === workspace.name) continue;
      expect(Object.keys({ ...declared, ...rootDev }), `${where}: not declared`).toContain(name);
    }
  }
});

test("no service imports another; only the standalone composes them", () => {
  for (const { folder, dependencies } of workspaces) {
    if (!folder.startsWith("services/") || folder.startsWith("services/lib/") || folder === "services/standalone")
      continue;
    const services = Object.keys(dependencies ?? {}).filter((name) => {
      const used = byName.get(name)?.folder ?? "";
      return used.startsWith("services/") && !used.startsWith("services/lib/");
    });
    expect(services, `${folder} imports a service`).toEqual([]);
  }
});

test("a lib has two importers, or it belongs into its service", () => {
  for (const { folder, name } of workspaces.filter((workspace) => workspace.folder.startsWith("services/lib/"))) {
    const importers = workspaces.filter(
      ({ dependencies, devDependencies }) => name in { ...dependencies, ...devDependencies },
    );
    expect(importers.length, `${folder} has ${importers.map((it) => it.folder).join(", ")}`).toBeGreaterThanOrEqual(2);
  }
});

test("schemas are pure: zod and nothing else, no I/O", () => {
  expect(Object.keys(byName.get("@v6meter/schemas")?.dependencies ?? {})).toEqual(["zod"]);
  for (const file of sources(join(ROOT, "schemas")).filter((path) => !isTest(path))) {
    for (const target of imports(file))
      expect(target.startsWith("."), `${file} imports ${target}`).toBe(target !== "zod");
  }
});

test("the decoder is pure: no I/O in its own files", () => {
  const files = sources(join(ROOT, "services/lib/netflow")).filter(
    (file) => !isTest(file) && !file.includes("/adapter/"),
  );
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    for (const target of imports(file)) expect(target.startsWith("node:"), `${file} imports ${target}`).toBe(false);
  }
});
