import { CLASS_PARAMETERS } from "@v6meter/indicators";
import { api, type ObservationPoint } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Period } from "@v6meter/users";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { lastDay, namedPeriod, periodText, wholeDays } from "../period.ts";
import { interfaceExportersQuery, trafficInterconnectQuery } from "../queries/traffic-interconnect.ts";
import { sendTable, tableContent } from "../table.ts";

/** What the registry says of a place that meters: whose it is and which kind of observation point. */
export interface MeteringPlace {
  readonly operator?: string | undefined;
  readonly observationPoint?: ObservationPoint | undefined;
}

/** What the registry says of an exporter and, by ifIndex, of its interfaces. */
export interface Faces extends MeteringPlace {
  readonly interfaces: ReadonlyMap<number, MeteringPlace>;
}

/** Tells the faces of an exporter by its address; null where the registry does not name it. */
export type FacesOf = (exporter: string) => Faces | null;

const DESCRIPTION = `Traffic from operator to operator at direct-connect points (骨干直联点), each pair in both directions. It is from the operator
that the interface faces by which it came in, to the one that the interface faces by which it went out: \`operator\` of an interface
in the registry, else of its exporter. Each flow counts once, however many routers of the point saw it. The registry that is
in force says whom an interface faces, for days before as well.

**Period**: whole days of Asia/Shanghai; yesterday and today without any.

**Operators** see the pairs they are a side of.

**Formats**: JSON, or the rows alone by \`Accept\`: \`text/csv\`, Arrow or Parquet.`;

const STATEMENTS =
  "The first statement finds the exporters that were heard, of which the registry names those at direct-connect points; in the second the row with is_total = 1 is the total.";

const columns = () => Object.keys(api.interconnectRow.shape);

const NOTHING = { v6_bytes: "0", v4_bytes: "0", total_bytes: "0", share: null } as const;

/** `GET /api/v1/traffic/interconnect`. */
export function trafficInterconnectRoute(app: Api, store: Store, facesOf: FacesOf): void {
  app.get(
    "/api/v1/traffic/interconnect",
    {
      preValidation: listParameters("operator"),
      config: { table: { row: api.interconnectRow, columns }, statements: STATEMENTS },
      schema: {
        tags: ["traffic"],
        summary: "Traffic from operator to operator at direct-connect points",
        description: DESCRIPTION,
        querystring: api.trafficInterconnectParameters,
        response: {
          200: { description: "The traffic by pairs and in total", content: tableContent(api.trafficInterconnect) },
        },
      },
    },
    async (request, reply) => {
      const { operator, ...parameters } = request.query;
      const nowMs = Date.now();
      const period = wholeDays(namedPeriod(parameters, nowMs) ?? lastDay(nowMs));
      return sendTable(request, reply, { answer: await interconnect(store, facesOf, period, operator), closed: false });
    },
  );
}

/** The exporters that have an interface at a direct-connect point, or are at one themselves. */
function atInterconnects(exporters: readonly string[], facesOf: FacesOf): [string, Faces][] {
  return exporters.flatMap((exporter) => {
    const faces = facesOf(exporter);
    if (faces === null) return [];
    const points = [faces, ...faces.interfaces.values()].map((it) => it.observationPoint);
    return points.includes("interconnect") ? [[exporter, faces]] : [];
  });
}

async function interconnect(
  store: Store,
  facesOf: FacesOf,
  period: Period,
  operator: string[],
): Promise<api.TrafficInterconnect> {
  const days = { from_s: period.fromMs / 1_000, to_s: period.toMs / 1_000 };
  const heard = await store.query(interfaceExportersQuery, days);
  const exporters = atInterconnects(
    heard.map(({ exporter }) => exporter),
    facesOf,
  );
  if (exporters.length === 0) return { period: periodText(period), rows: [], total: NOTHING };
  const interfaces = exporters.flatMap(([exporter, faces]) =>
    [...faces.interfaces].map(([index, place]) => ({ face: `${exporter} ${index}`, place })),
  );
  const [total, ...rows] = await store.query(trafficInterconnectQuery, {
    ...days,
    operator,
    // transform() takes no empty list; no interface is called ''.
    faces: ["", ...interfaces.map(({ face }) => face)],
    face_operators: ["", ...interfaces.map(({ place }) => place.operator ?? "")],
    face_points: ["", ...interfaces.map(({ place }) => place.observationPoint ?? "")],
    exporters: exporters.map(([exporter]) => exporter),
    exporter_operators: exporters.map(([, faces]) => faces.operator ?? ""),
    exporter_points: exporters.map(([, faces]) => faces.observationPoint ?? ""),
    ...CLASS_PARAMETERS,
  });
  return {
    period: periodText(period),
    rows: rows.map((row) => api.interconnectRow.parse(row)),
    total: api.trafficInterconnect.shape.total.parse(total),
  };
}
