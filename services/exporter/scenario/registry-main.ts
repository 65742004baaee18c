import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runCommand } from "@v6meter/runtime";
import { DEMO_SCENARIO, loadScenario } from "./load.ts";
import { registryFiles } from "./registry.ts";

/** Writes infra/demo/registry anew from the demo's scenario. */
await runCommand("registry", async () => {
  const folder = fileURLToPath(new URL("../../../infra/demo/registry/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(registryFiles(loadScenario(DEMO_SCENARIO))))
    writeFileSync(`${folder}${name}`, text);
  return 0;
});
