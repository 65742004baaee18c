import { CLASS_PARAMETERS, rollupOf } from "@v6meter/indicators";
import { api, Fault } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { FastifyRequest } from "fastify";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { lastDay, namedPeriod, periodText, widened } from "../period.ts";
import { exportersQuery } from "../queries/exporters.ts";
import { trafficShareQuery } from "../queries/traffic-share.ts";
import { exportersSeen, type OwnerOf, ownOperator } from "../roles.ts";
import { sendTable, tableContent } from "../table.ts";

const MINUTE_MS = 60_000;

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
interval (of the whole period in the total and where there is no interval).

**Operators** see their own traffic; with rows by exporter, that at their own exporters.

**Formats**: JSON, or the rows alone by \`Accept\`: \`text/csv\`, \`application/vnd.apache.arrow.stream\` (Arrow IPC) or
\`application/vnd.apache.parquet\`, both with \`at\` in UTC and exact integers as text.`;

const STATEMENTS =
  "The row with is_total = 1 is the total, the others are the rows; at_s is the begin of a row in seconds.";

/** `GET /api/v1/traffic/share`. */
export function trafficShareRoute(app: Api, store: Store, ownerOf: OwnerOf): void {
  app.get(
    "/api/v1/traffic/share",
    {
      preValidation: listParameters("by", ...api.SHARE_DIMENSIONS),
      config: { table: { row: api.shareRow, columns }, statements: STATEMENTS },
      schema: {
        tags: ["traffic"],
        summary: "IPv6 share of traffic",
        description: DESCRIPTION,
        querystring: api.trafficShareParameters,
        response: { 200: { description: "The traffic by rows and in total", content: tableContent(api.trafficShare) } },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const exporter = await narrowedExporters(store, request, ownerOf);
      const answer = await trafficShare(store, { ...query, exporter }, Date.now());
      return sendTable(request, reply, { answer, closed: false });
    },
  );
}

/** Columns of an answer's rows. */
function columns({ interval, by }: api.TrafficShare): string[] {
  return [...(interval ? ["at"] : []), ...by, ...Object.keys(shareFigures.shape)];
}

/** No exporter: none has this address. */
const NO_EXPORTER = "::";

/** Where an operator's rows or filters name exporters, they are its own; others' addresses are nobody's business. */
async function narrowedExporters(
  store: Store,
  request: FastifyRequest<{ Querystring: unknown }>,
  ownerOf: OwnerOf,
): Promise<string[]> {
  const { by, exporter } = request.query as api.TrafficShareParameters;
  const isSeen = exportersSeen(request, ownerOf, exporter);
  if (ownOperator(request) === null || exporter.length > 0 || !by.includes("exporter")) return exporter;
  const streams = await store.query(exportersQuery, { exporter: [] });
  const own = new Set(streams.map(({ exporter_text }) => exporter_text).filter(isSeen));
  return own.size === 0 ? [NO_EXPORTER] : [...own];
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
    ...CLASS_PARAMETERS,
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
