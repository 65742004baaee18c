/** The closed vocabularies and their names, without zod: what a page in a browser shows words by. */
export * from "./access-words.ts";
export * from "./api/share-words.ts";
export * from "./flow/vocabulary.ts";
export * from "./indicators/catalogue-words.ts";
export * from "./ledger-words.ts";
