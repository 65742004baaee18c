/** Simulated routers of a province with known truth; captures replayed; the demo. */

export { type DemoOptions, runDemo } from "./demo/demo.ts";
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
