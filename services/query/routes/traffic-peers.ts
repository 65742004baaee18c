import { CLASS_PARAMETERS } from "@v6meter/indicators";
import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { lastDay, namedPeriod, periodText, wholeDays } from "../period.ts";
import { trafficPeersQuery } from "../queries/traffic-peers.ts";
import { sendTable, tableContent } from "../table.ts";

/**
 * Whose addresses the registry names: range i goes from start i to the next start, and belongs to operator i, or to
 * nobody where that is empty. An IPv6 address is its first 64 bits, an IPv4 address its 32.
 */
export interface Networks {
  readonly starts: readonly bigint[];
  readonly operators: readonly string[];
  /** Operators by autonomous system, for addresses in no range. */
  readonly byAs: ReadonlyMap<number, string>;
}

/** Where there is no registry, nobody's addresses are known. */
export const NO_NETWORKS: Networks = { starts: [0n], operators: [""], byAs: new Map() };

const DESCRIPTION = `Who carries IPv6 to whom: traffic by the operator of the subscriber and the network at the far side, each flow once. The
far side is from a subscriber the destination, to one the source; between subscribers and in transit the side of the lower
port. Its network is an operator of the registry by prefix, else by autonomous system, else the system as exported.

**Period**: whole days of Asia/Shanghai; yesterday and today without any. Days are kept for thirteen months.

**Operators** see the pairs of their own subscribers.

**Formats**: JSON, or the rows alone by \`Accept\`: \`text/csv\`, Arrow or Parquet.`;

const STATEMENTS = "The row with is_total = 1 is the total, the others are the rows.";

/** `GET /api/v1/traffic/peers`. */
export function trafficPeersRoute(app: Api, store: Store, networks: () => Networks): void {
  app.get(
    "/api/v1/traffic/peers",
    {
      preValidation: listParameters("operator"),
      config: { table: { row: api.peerRow, columns }, statements: STATEMENTS },
      schema: {
        tags: ["traffic"],
        summary: "Who carries traffic to whom",
        description: DESCRIPTION,
        querystring: api.trafficPeersParameters,
        response: {
          200: { description: "The traffic by pairs and in total", content: tableContent(api.trafficPeers) },
        },
      },
    },
    async (request, reply) => {
      const answer = await trafficPeers(store, networks(), request.query, Date.now());
      return sendTable(request, reply, { answer, closed: false });
    },
  );
}

const columns = () => Object.keys(api.peerRow.shape);

async function trafficPeers(
  store: Store,
  { starts, operators, byAs }: Networks,
  { operator, peers, ...parameters }: api.TrafficPeersParameters,
  nowMs: number,
): Promise<api.TrafficPeers> {
  const period = wholeDays(namedPeriod(parameters, nowMs) ?? lastDay(nowMs));
  const [total, ...rows] = await store.query(trafficPeersQuery, {
    from_s: period.fromMs / 1_000,
    to_s: period.toMs / 1_000,
    operator,
    range_starts: [...starts],
    range_operators: [...operators],
    // transform() takes no empty list; no system has the number 0.
    asns: [0, ...byAs.keys()],
    as_operators: ["", ...byAs.values()],
    peers_max: peers,
    ...CLASS_PARAMETERS,
  });
  return {
    period: periodText(period),
    rows: rows.map((row) => api.peerRow.parse(row)),
    total: api.trafficPeers.shape.total.parse(total),
  };
}
