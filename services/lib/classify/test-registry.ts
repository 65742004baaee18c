import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionTable } from "@v6meter/sessions";
import { type Classifier, createClassifier } from "./classifier.ts";
import { loadRegistry } from "./load-registry.ts";
import type { Registry } from "./registry.ts";
import { batchOf, type Classified, classifiedOf, type TestFlow } from "./test-batch.ts";

export type RegistryTexts = Readonly<Record<string, string>>;

/** A folder with these files. */
export function registryFolder(texts: RegistryTexts): string {
  const dir = mkdtempSync(join(tmpdir(), "v6meter-registry-"));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text);
  return dir;
}

/** The built-in registry with these files on top. */
export function registryOf(texts: RegistryTexts): Registry {
  const dir = registryFolder(texts);
  try {
    return loadRegistry(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const registries = new Map<string, Registry>();

/** The same registry for the same files: many tests share one. */
function sharedRegistryOf(texts: RegistryTexts): Registry {
  const key = JSON.stringify(texts);
  const registry = registries.get(key) ?? registryOf(texts);
  registries.set(key, registry);
  return registry;
}

export const REPEAT_WINDOW_MS = 300_000;

export function classifierOf(texts: RegistryTexts = {}, sessions?: SessionTable): Classifier {
  return createClassifier({
    registry: sharedRegistryOf(texts),
    subscriberKey: Uint8Array.from({ length: 16 }, (_, i) => i),
    repeatWindowMs: REPEAT_WINDOW_MS,
    repeatSlots: 4_096,
    ...(sessions ? { sessions } : {}),
  });
}

/** Classifies records as one batch. */
export function classifyAll(classifier: Classifier, flows: readonly TestFlow[]): Classified[] {
  const batch = batchOf(flows);
  classifier.classify(batch);
  return classifiedOf(batch);
}

/** Classifies one record under a registry of its own. */
export function classifyOne(flow: TestFlow, texts: RegistryTexts = {}): Classified {
  return classifyAll(classifierOf(texts), [flow])[0] as Classified;
}
