import { loadRegistry, type Registry, RegistryFault, watchRegistry } from "@v6meter/classify";
import type { FacesOf, Networks } from "@v6meter/query";
import type { Logger } from "@v6meter/runtime";
import { api, type Fault } from "@v6meter/schemas";
import { type EntryOf, entryOfRegistry, facesOfEntries } from "./exporter-entry.ts";
import { networksOf } from "./networks.ts";

/** Names the operator that an exporter belongs to, by the registry; null where it names none. */
export type OwnerOf = (exporter: string) => string | null;

/** The owner of an exporter, by its entry. */
export function ownerOfEntries(entryOf: EntryOf): OwnerOf {
  return (exporter) => entryOf(exporter)?.operator ?? null;
}

/** What the API says by the registry. */
export interface RegistryAnswers {
  readonly ownerOf: OwnerOf;
  /** What regions and operators are called. */
  readonly named: () => api.Registry;
  /** Whose addresses are whose. */
  readonly networks: () => Networks;
  /** Whom the interfaces of exporters face. */
  readonly facesOf: FacesOf;
  /** Which registry is in force, and what is wrong with its files where they are not. */
  readonly registryState: () => api.RegistryState;
}

/** What is told of files that were refused. */
function refusalOf(fault: Fault, folder: string | null, atMs: number): api.RegistryState["refused"] {
  const all =
    fault instanceof RegistryFault
      ? fault.problems.map(({ path, line, sentence }) => ({ file: path, line: line || null, problem: sentence }))
      : [{ file: folder ?? "", line: null, problem: fault.message }];
  const problems = all.slice(0, api.REGISTRY_PROBLEMS_MAX);
  return { since: api.instantText(atMs), problems, more: all.length - problems.length };
}

function answersOf(registry: Registry, folder: string | null): RegistryAnswers {
  const named: api.Registry = {
    regions: [...registry.regions].sort((a, b) => (a.code < b.code ? -1 : 1)),
    operators: registry.operators.map(({ id, zh, en }) => ({ id, zh, en })).sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
  const networks = networksOf(registry, Date.now());
  const entryOf = entryOfRegistry(registry);
  const state: api.RegistryState = {
    folder,
    version: registry.version,
    since: api.instantText(Date.now()),
    entries: {
      regions: registry.regions.length,
      operators: registry.operators.length,
      prefixes: registry.prefixes.length,
      exporters: registry.exporters.length,
    },
    refused: null,
  };
  return {
    ownerOf: ownerOfEntries(entryOf),
    named: () => named,
    networks: () => networks,
    facesOf: facesOfEntries(entryOf),
    registryState: () => state,
  };
}

/** Answers by the registry in force, which is read again when its files change. */
export function watchRegistryAnswers(
  parts: AsyncDisposableStack,
  folder: string | null,
  logger: Logger,
): RegistryAnswers {
  const registry = loadRegistry(folder);
  let answers = answersOf(registry, folder);
  let refused: api.RegistryState["refused"] = null;
  const watch = watchRegistry(folder, {
    onChange: (changed) => {
      answers = answersOf(changed, folder);
      refused = null;
    },
    onError: (fault) => {
      logger.error(fault.message);
      refused = refusalOf(fault, folder, Date.now());
    },
    since: registry,
  });
  parts.defer(async () => watch.stop());
  return {
    ownerOf: (exporter) => answers.ownerOf(exporter),
    named: () => answers.named(),
    networks: () => answers.networks(),
    facesOf: (exporter) => answers.facesOf(exporter),
    registryState: () => ({ ...answers.registryState(), refused }),
  };
}
