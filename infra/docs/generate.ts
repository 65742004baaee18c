import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PAGES } from "./pages.ts";

const ROOT = resolve(import.meta.dirname, "../..");

function stored(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Writes the generated pages, or with --check says which are not what their sources give. */
const check = process.argv.includes("--check");
const stale = Object.entries(PAGES).filter(([path, render]) => stored(join(ROOT, path)) !== render());
for (const [path, render] of stale) {
  if (check) {
    process.stderr.write(`${path} is not what schemas/ says: npm run generate\n`);
    continue;
  }
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), render());
  process.stdout.write(`${path}\n`);
}
process.exitCode = check && stale.length > 0 ? 1 : 0;
