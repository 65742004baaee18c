#!/usr/bin/env node
// Plain JavaScript that any Node.js reads, so that too old a one gets a sentence and not a syntax error.
const NEEDED = 24;
if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  process.stderr.write(
    `v6meter: needs Node.js ${NEEDED} or later, this is ${process.versions.node}: start it with npm (npm start), which brings its own.\n`,
  );
  process.exitCode = 78;
} else {
  await import("../main.ts");
}
