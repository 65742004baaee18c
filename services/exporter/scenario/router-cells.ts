import type { Scenario, ScenarioRouter } from "@v6meter/schemas";
import type { Cell } from "./cells.ts";

/** What a router sees of a cell. */
export interface SeenCell {
  readonly cell: Cell;
  /** In proportion to the records the router exports of it. */
  readonly weight: number;
}

function part(router: ScenarioRouter, { network, region }: Cell): number {
  return router.traffic
    .filter(
      ({ operator, access, regions }) =>
        operator === network.operator && access === network.access && (regions?.includes(region.code) ?? true),
    )
    .reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * Which cells each router sees, in the routers' order. A cell's traffic is dealt out by the routers'
 * weights; twice the sampling interval makes half the records, and a v5 router exports IPv4 only.
 */
export function routerCells(scenario: Scenario, cells: readonly Cell[]): SeenCell[][] {
  const totals = cells.map((cell) => scenario.routers.reduce((sum, router) => sum + part(router, cell), 0));
  return scenario.routers.map((router) =>
    cells.flatMap((cell, i) => {
      const own = part(router, cell);
      if (own === 0) return [];
      const visible = router.version === 5 ? 1 - cell.v6Share : 1;
      return [{ cell, weight: ((cell.weight * own) / (totals[i] as number) / router.sampling.rate) * visible }];
    }),
  );
}
