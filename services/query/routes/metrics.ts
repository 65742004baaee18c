import type { Api } from "../api.ts";
import type { Metrics } from "../metrics.ts";

/** `/metrics` in the text format of Prometheus; it asks for the key as well. */
export function metricsRoute(app: Api, metrics: Metrics): void {
  app.get(
    "/metrics",
    {
      schema: {
        tags: ["health"],
        summary: "Figures for Prometheus",
        description: "The text format of Prometheus: the process, the books, the bus.",
        produces: ["text/plain"],
      },
    },
    async (_request, reply) => {
      const { contentType, body } = await metrics.text();
      return reply.type(contentType).send(body);
    },
  );
}
