import { type ObjectTraffic, type OpenCatalogue, periodBefore } from "@v6meter/indicators";
import { api, Fault, type Indicator, type MonitoredObject, OBJECT_KINDS } from "@v6meter/schemas";
import type { Period } from "@v6meter/users";
import { z } from "zod";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { lastDay, namedPeriod, periodText, wholeDays } from "../period.ts";
import { sendTable, tableContent } from "../table.ts";

const DESCRIPTION = `Traffic, IPv6 share and trend of monitored objects: applications, clouds, data centres, networks, sites. What in the flows
belongs to an object stands in its \`match\`: far sides (prefix, autonomous system as exported, port below 1024) or exporters and
their interfaces. An object is data: one registered today by a file of \`query.catalogue_dir\` is measured for the days before too.

A flow counts once in a group however many of its matchers it fits, so the share of an enterprise is a sum over a sum; groups
may share flows, and do not add up. What exporters see counts once at each type of observation point.

**Far side**: from a subscriber the destination, to one the source; between subscribers and in transit the side of the lower
port. Prefixes are told to /48 and /24. **Period**: whole days of Asia/Shanghai; yesterday and today without any.`;

const SELECTION = ["object", "kind", "enterprise", "industry", "region", "owner"] as const;

function wordOf(object: MonitoredObject, name: api.ObjectGrouping): string {
  return (name === "object" ? object.id : object[name]) ?? "";
}

function selected(objects: Iterable<MonitoredObject>, selection: api.ObjectSelection): MonitoredObject[] {
  const kinds = Object.keys(OBJECT_KINDS);
  return [...objects]
    .filter((object) =>
      SELECTION.every((name) => {
        const words: readonly string[] = selection[name];
        return words.length === 0 || words.includes(wordOf(object, name));
      }),
    )
    .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.id < b.id ? -1 : 1));
}

const STATEMENTS =
  "One statement is all traffic, then each group of objects has two: its period, whose row with is_total = 1 is the group's traffic, and the period before, for the change.";

/** `GET /api/v1/objects` and `GET /api/v1/objects/traffic`. */
export function objectRoutes(app: Api, catalogue: OpenCatalogue): void {
  app.get(
    "/api/v1/objects",
    {
      preValidation: listParameters(...SELECTION),
      schema: {
        tags: ["indicators"],
        summary: "Monitored objects",
        description: "What is monitored, whose it is, and what in the flows belongs to it.",
        querystring: api.objectsParameters,
        response: { 200: api.objects },
      },
    },
    async ({ query }): Promise<api.Objects> => {
      const { objects } = await catalogue.current();
      return { objects: selected(objects.values(), query) as api.Objects["objects"] };
    },
  );

  app.get(
    "/api/v1/objects/traffic",
    {
      preValidation: listParameters(...SELECTION, "operator"),
      config: { table: { row: api.objectTrafficRow, columns }, statements: STATEMENTS },
      schema: {
        tags: ["indicators"],
        summary: "Traffic and IPv6 share of objects",
        description: DESCRIPTION,
        querystring: api.objectTrafficParameters,
        response: {
          200: {
            description: "Traffic, share and trend",
            content: tableContent(api.objectTraffic),
          },
          304: z.null().describe("What the client has is still so"),
        },
      },
    },
    async (request, reply) => {
      const nowMs = Date.now();
      const period = wholeDays(namedPeriod(request.query, nowMs) ?? lastDay(nowMs));
      const answer = await traffic(catalogue, request.query, period);
      return sendTable(request, reply, { answer, closed: period.toMs <= nowMs });
    },
  );
}

/** Columns of an answer's rows. */
const columns = ({ interval }: api.ObjectTrafficAnswer) => [
  "group",
  ...(interval ? ["at"] : []),
  "v6_bytes",
  "v4_bytes",
  "total_bytes",
  "share",
];

function trafficText({ v6Bytes, v4Bytes, totalBytes, share }: ObjectTraffic) {
  return { v6_bytes: v6Bytes, v4_bytes: v4Bytes, total_bytes: totalBytes, share };
}

async function traffic(
  catalogue: OpenCatalogue,
  parameters: api.ObjectTrafficParameters,
  period: Period,
): Promise<api.ObjectTrafficAnswer> {
  const { by, interval = null, operator: operators } = parameters;
  const { objects, indicators } = await catalogue.current();
  const measured = selected(objects.values(), parameters).filter(({ match }) => match.length > 0);
  const groups = Map.groupBy(measured, (object) => wordOf(object, by));
  if (groups.size > api.OBJECT_MAX_GROUPS)
    throw new Fault(
      "QUERY_INVALID",
      `by: found ${groups.size} groups of objects; allowed are ${api.OBJECT_MAX_GROUPS}: select fewer, or group them.`,
    );
  const all = await catalogue.published(indicators.get("traffic_volume") as Indicator, {
    period,
    by: [],
    interval: null,
    filters: operators.length > 0 ? { operator: operators } : {},
  });
  const found = await Promise.all(
    [...groups].map(async ([group, members]) => {
      const [now, before] = await Promise.all([
        catalogue.traffic(members, { period, interval, operators }),
        catalogue.traffic(members, { period: periodBefore(period), interval: null, operators }),
      ]);
      const atExporters = members.some(({ match }) => match.some(({ exporter }) => exporter !== undefined));
      const { share } = now.total;
      const previous = before.total.share;
      return {
        rows:
          interval === null
            ? [{ group, ...trafficText(now.total) }]
            : now.rows.map((row) => ({ group, at: api.instantText(row.atMs), ...trafficText(row) })),
        group: {
          group,
          objects: members.map(({ id }) => id),
          ...trafficText(now.total),
          part: atExporters || !all.total.value ? null : Number(now.total.totalBytes) / all.total.value,
          previous_share: previous,
          change: share === null || previous === null ? null : share - previous,
        },
      };
    }),
  );
  return {
    period: periodText(period),
    interval,
    by,
    rows: found.flatMap(({ rows }) => rows),
    groups: found.map(({ group }) => group),
  };
}
