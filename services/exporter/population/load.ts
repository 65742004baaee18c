import { fileURLToPath } from "node:url";
import { type PopulationScenario, populationScenario } from "@v6meter/schemas";
import { checkScenario, readScenario } from "../scenario/load.ts";

/** Path of the province of subscribers that tests, demo and accuracy play. */
export const POPULATION_SCENARIO = fileURLToPath(new URL("./province.yaml", import.meta.url));

/**
 * Reads and checks a province of subscribers. Throws CONFIG_UNREADABLE for the file, CONFIG_INVALID with one
 * sentence a mistake: file, path within it, and what is wrong or allowed.
 */
export function loadPopulation(file: string = POPULATION_SCENARIO): PopulationScenario {
  return parsePopulation(readScenario(file), file);
}

/** Checks the text of a province of subscribers; `name` stands in messages. Throws as loadPopulation does. */
export function parsePopulation(text: string, name: string): PopulationScenario {
  return checkScenario(populationScenario, text, name);
}
