import { LOOK_BACK_MONTHS, type MonthFigure, type OpenCatalogue, type TargetProgress } from "@v6meter/indicators";
import { api, type Indicator, type Target } from "@v6meter/schemas";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";

const DESCRIPTION = `What is to be reached, by when, by which clause, and how far it is.

**Method**: the current figure is that of the latest month that has ended. The pace is the slope of the least-squares line
through the monthly figures of the last ${LOOK_BACK_MONTHS} months before and with it (two at least). The projection goes on from the current
figure at that pace; there is none where the pace leads away or takes more than 50 years. A figure of users carries method and interval
as in \`/api/v1/users/active\`; a month whose figure is suppressed is left out. A target is data: it comes as a file
of \`query.catalogue_dir\` as an indicator does.`;

/** `GET /api/v1/targets`. */
export function targetsRoute(app: Api, catalogue: OpenCatalogue): void {
  app.get(
    "/api/v1/targets",
    {
      preValidation: listParameters("scope", "indicator"),
      schema: {
        tags: ["indicators"],
        summary: "Targets and progress",
        description: DESCRIPTION,
        querystring: api.targetsParameters,
        response: { 200: api.targets },
      },
    },
    async ({ query }): Promise<api.Targets> => {
      const { targets, indicators } = await catalogue.current();
      const asked = [...targets.values()]
        .filter(
          ({ scope, indicator }) =>
            (query.scope.length === 0 || query.scope.includes(scope)) &&
            (query.indicator.length === 0 || query.indicator.includes(indicator)),
        )
        .sort((a, b) => (a.by === b.by ? (a.id < b.id ? -1 : 1) : a.by < b.by ? -1 : 1));
      const nowMs = Date.now();
      return {
        targets: await Promise.all(
          asked.map(async (target) => {
            const { unit } = indicators.get(target.indicator) as Indicator;
            return answerOf(target, unit, await catalogue.progress(target, nowMs));
          }),
        ),
      };
    },
  );
}

function currentOf({ atMs, ...figure }: MonthFigure) {
  return { month: api.monthText(atMs), ...figure };
}

function answerOf(target: Target, unit: Indicator["unit"], it: TargetProgress): api.TargetProgressAnswer {
  const projected = it.projectedMs === null ? null : api.monthText(it.projectedMs);
  return {
    ...target,
    unit,
    current: it.current && currentOf(it.current),
    progress: it.progress,
    gap: it.gap,
    reached: it.reached,
    pace_a_month: it.paceAMonth,
    needed_a_month: it.neededAMonth,
    projected: it.reached ? null : projected,
    in_time: it.reached || projected === null ? null : projected <= target.by,
  };
}
