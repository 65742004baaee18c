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
let stale = 0;
for (const [path, render] of Object.entries(PAGES)) {
  const text = await render();
  if (stored(join(ROOT, path)) === text) continue;
  stale++;
  if (check) {
    process.stderr.write(`${path} is not what its sources say: npm run generate\n`);
    continue;
  }
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}\n`);
}
process.exitCode = check && stale > 0 ? 1 : 0;
