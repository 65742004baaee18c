/** Builds the pages into `dist`. Where only what runs was installed, a line says that there is no console. */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = import.meta.dirname;

/** Puts what was built in the place of what stood there; of two builds at once the later one stays. */
function place(room: string): void {
  for (;;) {
    try {
      renameSync(join(ROOT, "dist"), join(room, "before"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    try {
      renameSync(join(room, "dist"), join(ROOT, "dist"));
      return;
    } catch (error) {
      // Another build was put there in between: it goes the same way.
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      rmSync(join(room, "before"), { recursive: true, force: true });
    }
  }
}

// Tests build with another NODE_ENV, and would try another Vue than people get.
process.env.NODE_ENV = "production";
const vite = await import("vite").catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  process.stderr.write("The console is not built: vite is left out by --omit=dev.\n");
  return null;
});
if (vite) {
  const room = mkdtempSync(join(ROOT, ".built-"));
  try {
    await vite.build({ root: ROOT, logLevel: "warn", build: { outDir: join(room, "dist"), emptyOutDir: true } });
    place(room);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}
