import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { DEMO_SCENARIO, loadScenario } from "./load.ts";
import { registryFiles } from "./registry.ts";

/** Writes the registry of the demo's scenario anew: `node registry-main.ts infra/demo/registry`. */
await runCommand("registry", async () => {
  const [folder, ...more] = process.argv.slice(2);
  if (folder === undefined || more.length > 0)
    throw new Fault(
      "CONFIG_INVALID",
      "One folder to write the registry files to is needed, such as infra/demo/registry.",
    );
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(registryFiles(loadScenario(DEMO_SCENARIO))))
    writeFileSync(join(folder, name), text);
  return 0;
});
