import { api, Fault } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { lastDay, namedPeriod, type Period, periodText, widened } from "../period.ts";
import { SHARE_CLASSES, trafficShareQuery } from "../queries/traffic-share.ts";

const MINUTE_MS = 60_000;

type Rollup = "flows_5m" | "flows_1h" | "flows_1d";

/** The rollups by width, widest first; the day's buckets begin at midnight in Asia/Shanghai. */
const ROLLUPS = [
  { table: "flows_1d", widthMs: 1_440 * MINUTE_MS, offsetMs: 480 * MINUTE_MS, serves: ["1mo", "1d", undefined] },
  { table: "flows_1h", widthMs: 60 * MINUTE_MS, offsetMs: 0, serves: ["1mo", "1d", "1h", undefined] },
] as const;

/** The widest rollup whose buckets fit the period and the interval exactly. */
export function rollupOf({ fromMs, toMs }: Period, interval: api.ShareInterval | undefined): Rollup {
  const fits = ROLLUPS.find(
    ({ widthMs, offsetMs, serves }) =>
      (serves as readonly (string | undefined)[]).includes(interval) &&
      (fromMs + offsetMs) % widthMs === 0 &&
      (toMs + offsetMs) % widthMs === 0,
  );
  return fits?.table ?? "flows_5m";
}

/** Keeps the figures of a row of the statement. */
const shareFigures = api.trafficShare.shape.total;

const DESCRIPTION = `The IPv6 share of the traffic, by any dimensions and by interval. Every figure is a sum over a sum: the total is
computed from the same traffic as the rows, never from their shares.

**Period**: \`from\` and \`to\` (half-open, widened to whole 5 minutes), or a \`day\` or a \`month\` of Asia/Shanghai; the last 24
hours without any. The answer names the period in force. Rows of an interval that the period cuts hold what lies in the
period.

**Classes**: native IPv6 and the IPv6 transition technologies are \`v6_bytes\`; native IPv4, DS-Lite and MAP-E are
\`v4_bytes\`; what is neither (special addresses, tunnels whose inner family is not exported) is \`excluded_bytes\`.

**Repeats**: a flow that several routers export counts once, at the router that showed it first, whatever the rows are
grouped or filtered by: rows by exporter add up to the total. Grouped or filtered by observation_point it counts once for
each type (\`counting\` in the answer says which).

**Sampling**: bytes are scaled by the sampling rate. Where it is unknown they enter as exported, which is a lower bound,
and stand in \`unknown_sampling_bytes\` too. What a firewall's record counts of the other direction (responder_bytes) is
in no figure.

**Completeness**: an exporter's completeness is (expected - lost) / expected by its sequence numbers, times the part of its
sets that was not dropped; a row's is the mean over its exporters weighted by their bytes, by the books of the row's
interval (of the whole period in the total and where there is no interval).`;

/** `GET /api/v1/traffic/share`. */
export function trafficShareRoute(app: Api, store: Store): void {
  app.get(
    "/api/v1/traffic/share",
    {
      preValidation: listParameters("by", ...api.SHARE_DIMENSIONS),
      schema: {
        tags: ["traffic"],
        summary: "IPv6 share of traffic",
        description: DESCRIPTION,
        querystring: api.trafficShareParameters,
        response: { 200: api.trafficShare },
      },
    },
    async (request) => trafficShare(store, request.query, Date.now()),
  );
}

async function trafficShare(
  store: Store,
  parameters: api.TrafficShareParameters,
  nowMs: number,
): Promise<api.TrafficShare> {
  const { interval, by: _, from, to, day, month, ...filters } = parameters;
  const period = widened(namedPeriod({ from, to, day, month }, nowMs) ?? lastDay(nowMs), 5 * MINUTE_MS);
  const by = api.SHARE_DIMENSIONS.filter((dimension) => parameters.by.includes(dimension));
  const perType = by.includes("observation_point") || filters.observation_point.length > 0;
  const [total, ...rows] = await store.query(trafficShareQuery, {
    table: rollupOf(period, interval),
    from_s: period.fromMs / 1_000,
    to_s: period.toMs / 1_000,
    interval: interval ?? "",
    counted_least: perType ? 1 : 2,
    by_region: by.includes("region"),
    by_operator: by.includes("operator"),
    by_access: by.includes("access"),
    by_direction: by.includes("direction"),
    by_technology: by.includes("technology"),
    by_observation_point: by.includes("observation_point"),
    by_exporter: by.includes("exporter"),
    ...filters,
    ...SHARE_CLASSES,
    // The total comes first, and one row too many tells that there are too many.
    row_limit: 1 + api.SHARE_MAX_ROWS + 1,
  });
  if (rows.length > api.SHARE_MAX_ROWS) {
    throw new Fault(
      "QUERY_INVALID",
      `The answer has more than ${api.SHARE_MAX_ROWS} rows; allowed is a shorter period, a longer interval or fewer dimensions.`,
    );
  }
  return {
    period: periodText(period),
    interval: interval ?? null,
    by,
    counting: perType ? "once_per_observation_point" : "once",
    rows: rows.map((row) => ({
      ...(interval && { at: api.instantText(row.at_s * 1_000) }),
      ...Object.fromEntries(by.map((dimension) => [dimension, row[dimension]])),
      ...shareFigures.parse(row),
    })),
    total: shareFigures.parse(total),
  };
}
