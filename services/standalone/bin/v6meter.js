#!/usr/bin/env node
// Plain JavaScript that any Node.js reads, so that too old a one gets a sentence and not a syntax error.
const NEEDED = 24;
if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  process.stderr.write(
    `v6meter: needs Node.js ${NEEDED} or later, this is ${process.versions.node}: start it with npm (npm start), which brings its own.\n`,
  );
  process.exitCode = 78;
} else {
  // What was compiled is kept for the next start and for the threads and processes of this one, which then load no
  // compiler of TypeScript: faster, and 30 MB less. Where the folder cannot be written to, all is as without it.
  const { constants, enableCompileCache } = await import("node:module");
  const { join } = await import("node:path");
  const folder = join(import.meta.dirname, "../../../node_modules/.cache/v6meter");
  const { ENABLED } = constants.compileCacheStatus;
  if (enableCompileCache(folder).status === ENABLED) process.env.NODE_COMPILE_CACHE = folder;
  await import("../main.ts");
}
