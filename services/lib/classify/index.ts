export { type Classifier, type ClassifierOptions, type ClassifierTotals, createClassifier } from "./classifier.ts";
export { loadRegistry } from "./load-registry.ts";
export type { Prefix } from "./prefix.ts";
export { PrefixTrie } from "./prefix-trie.ts";
export * from "./registry.ts";
export {
  Problems,
  RegistryFault,
  type RegistryFile,
  type RegistryProblem,
  readCsv,
  readYaml,
} from "./registry-file.ts";
export type { JoinTally } from "./session-join.ts";
export { type RegistryWatch, watchRegistry } from "./watch-registry.ts";
