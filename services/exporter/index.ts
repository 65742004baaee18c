/** Simulated routers of a province with known truth; captures replayed; the demo. */

export { type DemoOptions, runDemo } from "./demo/demo.ts";
export { type LiveAccounting, type LiveOptions, type LiveResult, playLive } from "./population/live.ts";
export { loadPopulation, POPULATION_SCENARIO, parsePopulation } from "./population/load.ts";
export {
  createPopulation,
  type Population,
  type PopulationDatagram,
  type PopulationOptions,
  type PopulationStep,
} from "./population/population.ts";
export { populationClients, populationRegistry } from "./population/registry.ts";
export type {
  PopulationBytes,
  PopulationRouterTruth,
  PopulationTruth,
  PopulationUsers,
} from "./population/truth.ts";
export { type ReplayOptions, type ReplayProgress, type ReplayResult, replay } from "./replay/replay.ts";
export type { Province, ProvinceRouter } from "./scenario/day.ts";
export { DEMO_SCENARIO, loadScenario, parseScenario } from "./scenario/load.ts";
export { createProvince } from "./scenario/province.ts";
export {
  type Truth,
  type TruthCell,
  type TruthRouter,
  type TruthShare,
  truthJson,
  truthShares,
} from "./scenario/truth.ts";
export { type SimulationOptions, type SimulationProgress, simulate } from "./simulate/simulate.ts";
