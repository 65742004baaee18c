import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const FETCH_MAX_MS = 300_000;

/** Shared by everything of this clone, and gone with its installation. */
const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/v6meter-kafka");
const VERSION = "4.1.0";

/** What is missing on this machine for Apache Kafka to be fetched and run; empty where it can. */
export function missingTools(): string[] {
  return ["java", "mvn"].filter((tool) => spawnSync(tool, ["-version"], { stdio: "ignore" }).status !== 0);
}

/**
 * The folder of Apache Kafka's jars, fetched by Maven at the first call (43 MB; see pom.xml). Processes that
 * call at once each fetch, and one of them wins: the folder is whole or not there.
 */
export async function kafkaJars(): Promise<string> {
  const jars = join(CACHE, VERSION);
  if (existsSync(jars)) return jars;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, "fetch-"));
  try {
    await cp(join(import.meta.dirname, "pom.xml"), join(draft, "pom.xml"));
    const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${join(draft, "jars")}`];
    await run("mvn", ["-q", "-B", "-f", join(draft, "pom.xml"), ...goal], { timeout: FETCH_MAX_MS });
    await rename(join(draft, "jars"), jars).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } catch (cause) {
    throw new Error(`Apache Kafka ${VERSION} cannot be fetched by Maven: ${(cause as Error).message}`, { cause });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return jars;
}
