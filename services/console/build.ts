/** Builds the pages into `dist`. Where only what runs was installed, a line says that there is no console. */
// Tests build with another NODE_ENV, and would try another Vue than people get.
process.env.NODE_ENV = "production";
const vite = await import("vite").catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  process.stderr.write("The console is not built: vite is left out by --omit=dev.\n");
  return null;
});
await vite?.build({ root: import.meta.dirname, logLevel: "warn" });

export {};
