import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";
import { booksOf } from "../books.ts";
import { listParameters } from "../list-parameters.ts";
import { type ExporterSampling, exporterSamplingQuery } from "../queries/exporter-sampling.ts";
import { type ExporterStream, exportersQuery } from "../queries/exporters.ts";
import { exportersSeen, type OwnerOf } from "../roles.ts";
import { exporterLedgers } from "./ledger.ts";

/** The books' exporter of what no exporter is known for; see /api/v1/ledger. */
const NO_EXPORTER = "::";

const STATEMENTS =
  "Streams, sampling and books are three statements; the answer joins them by exporter, adds the books up by stage, and shows an operator its own.";

/** `GET /api/v1/exporters`. */
export function exportersRoute(app: Api, store: Store, ownerOf: OwnerOf): void {
  app.get(
    "/api/v1/exporters",
    {
      config: { narrows: true, statements: STATEMENTS },
      preValidation: listParameters("exporter"),
      schema: {
        tags: ["books"],
        summary: "Exporters: their books, templates, sampling, clocks",
        description: `Every exporter that was ever heard, with its books since the beginning and its export streams (a stream is an exporter,
version, observation domain and source port). An operator sees its own by the registry.`,
        querystring: api.exportersParameters,
        response: { 200: api.exporters },
      },
    },
    async (request): Promise<api.Exporters> => {
      const { exporter } = request.query;
      const isSeen = exportersSeen(request, ownerOf, exporter);
      const [streams, sampling, { exporters: ledgers }] = await Promise.all([
        store.query(exportersQuery, { exporter }),
        store.query(exporterSamplingQuery, { exporter }),
        exporterLedgers(store, { period: null, exporter, stage: [], isSeen }),
      ]);
      const streamsOf = Map.groupBy(streams, (stream) => stream.exporter_text);
      const booksByExporter = new Map(ledgers.map(({ exporter, ...books }) => [exporter, books]));
      const samplingOf = new Map(sampling.map((it) => [it.exporter_text, it]));
      // The ledger holds the clients of accounting too: they export nothing.
      const exporting = [...booksByExporter].filter(
        ([, { stages }]) => stages.account?.received === "0" || stages.receive?.received !== "0",
      );
      const names = new Set([...exporting.map(([name]) => name), ...streamsOf.keys()]);
      names.delete(NO_EXPORTER);
      return {
        exporters: [...names]
          .filter(isSeen)
          .map((name) =>
            exporterOf(name, streamsOf.get(name) ?? [], samplingOf.get(name), booksByExporter.get(name) ?? booksOf([])),
          ),
      };
    },
  );
}

/** By its traffic where it had some: an options stream of its own tells no rate, a registry knows better. */
function samplingKnown(streams: readonly ExporterStream[], traffic: ExporterSampling | undefined): boolean {
  if (traffic && traffic.bytes_as_exported !== "0") return traffic.unknown_sampling_bytes === "0";
  return streams.some((stream) => stream.sampling_source !== "unknown");
}

function exporterOf(
  exporter: string,
  streams: readonly ExporterStream[],
  traffic: ExporterSampling | undefined,
  books: api.Books,
): api.Exporter {
  const latestFirst = streams.toSorted((a, b) => b.last_seen_at_ms - a.last_seen_at_ms);
  const latest = latestFirst[0];
  const offsets = streams.map((stream) => stream.clock_offset_ms_text).toSorted((a, b) => Math.abs(b) - Math.abs(a));
  const rates = streams.flatMap(({ sampling }) => sampling.map(({ rate }) => rate)).filter((rate) => rate > 0);
  return {
    exporter,
    name: latestFirst.find(({ name }) => name !== "")?.name ?? "",
    first_seen_at: latest ? api.instantText(Math.min(...streams.map((stream) => stream.first_seen_at_ms))) : null,
    last_seen_at: latest ? api.instantText(latest.last_seen_at_ms) : null,
    templates: streams.reduce((sum, stream) => sum + stream.templates, 0),
    sampling_rates: [...new Set(rates)].sort((a, b) => a - b),
    sampling_known: samplingKnown(streams, traffic),
    unknown_sampling_bytes: traffic?.unknown_sampling_bytes ?? "0",
    clock_offset_ms: offsets[0] ?? null,
    clock_off: streams.some((stream) => stream.clock_off),
    books,
    streams: latestFirst.map((stream) => ({
      version: stream.version,
      observation_domain: stream.observation_domain,
      source_port: stream.source_port,
      first_seen_at: api.instantText(stream.first_seen_at_ms),
      last_seen_at: api.instantText(stream.last_seen_at_ms),
      templates: stream.templates,
      options_templates: stream.options_templates,
      sampling: stream.sampling,
      sampling_source: stream.sampling_source,
      clock_offset_ms: stream.clock_offset_ms_text,
      clock_off: stream.clock_off,
      interfaces: stream.interfaces,
    })),
  };
}
