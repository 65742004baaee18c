import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Fault, type ReportTemplate, reportTemplate } from "@v6meter/schemas";
import { parse } from "yaml";

const BUILT_IN = join(dirname(createRequire(import.meta.url).resolve("@v6meter/schemas")), "report", "monthly.yaml");

/** Reads a template; null stands for the built-in one. Throws CONFIG_INVALID with the place of a mistake. */
export function loadTemplate(file: string | null = null): ReportTemplate {
  const path = file ?? BUILT_IN;
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${path}: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
  const { success, data, error } = reportTemplate.safeParse(content);
  if (success) return data;
  const [issue] = error.issues;
  throw new Fault("CONFIG_INVALID", `${path}: ${issue?.path.join(".")}: ${issue?.message}`);
}
