import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Fault, type Scenario, scenario } from "@v6meter/schemas";
import { parse } from "yaml";

/** Path of the scenario the demo plays. */
export const DEMO_SCENARIO = fileURLToPath(new URL("./demo.yaml", import.meta.url));

/**
 * Reads and checks a scenario. Throws CONFIG_UNREADABLE for the file, CONFIG_INVALID with one sentence
 * a mistake: file, path within it, and what is wrong or allowed.
 */
export function loadScenario(file: string): Scenario {
  return parseScenario(readScenario(file), file);
}

/** Checks the text of a scenario; `name` stands in messages. Throws as loadScenario does. */
export function parseScenario(text: string, name: string): Scenario {
  return checkScenario(scenario, text, name);
}

/** The text of a scenario's file. Throws CONFIG_UNREADABLE. */
export function readScenario(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Fault("CONFIG_UNREADABLE", `${file}: cannot be read (${(cause as Error).message}).`, { cause });
  }
}

/** A schema of schemas/scenario*.ts. */
interface ScenarioSchema<T> {
  safeParse(
    tree: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/** Checks a text in YAML by a schema. Throws CONFIG_INVALID with one sentence a mistake. */
export function checkScenario<T>(schema: ScenarioSchema<T>, text: string, name: string): T {
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${name}: is not YAML: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  const sentences = result.error.issues.map(({ path, message }) => {
    const where = path.length > 0 ? `${path.join(".")}: ` : "";
    return `${name}: ${where}${message}.`;
  });
  throw new Fault("CONFIG_INVALID", sentences.join("\n"));
}
