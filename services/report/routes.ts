import { api, Fault, REPORT_FORMATS, type ReportFormat, type ReportTemplate } from "@v6meter/schemas";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Ask, faultOf } from "./ask.ts";
import { compose, type Gathered, gather } from "./compose.ts";
import { sourceOf } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { HTML_POLICY } from "./render/html.ts";
import { render } from "./render/index.ts";

/** The same answers serve all formats and languages that are asked for within this time. */
const KEPT_MS = 60_000;

const DESCRIPTION = `The monthly report, from the API's own answers: each figure names its question. A month that is not over, has no data, or misses
exporters gives a report that begins with saying so. **Formats**, by the end of the name: HTML (one page that loads nothing), DOCX (tables
and charts that can be edited), PDF, XLSX (every table with its numbers), CSV (a line a figure) and JSON. The\nfigures are those of the month's newest snapshot; where it has none they are live, and at most a minute old.`;

/** What the routes need. */
export interface ReportRoutesOptions {
  readonly template: ReportTemplate;
  /** The clock; a test has its own. */
  readonly now?: () => number;
}

/** The routes of reports, to be added to the query API; they ask it as whoever asks them. */
export function reportRoutes({ template, now = Date.now }: ReportRoutesOptions): (server: FastifyInstance) => void {
  return (server) => {
    const app = server.withTypeProvider<ZodTypeProvider>();
    const kept = new Map<string, { readonly atMs: number; readonly gathered: Promise<Gathered> }>();

    const asker = ({ headers: { authorization = "" } }: FastifyRequest, method: "GET" | "POST" = "GET"): Ask => {
      return async (path) => {
        const answer = await server.inject({
          method,
          url: path,
          headers: { authorization, accept: "application/json" },
        });
        if (answer.statusCode !== 200) throw faultOf(path, answer.statusCode, answer.body);
        return answer.json();
      };
    };

    const gatheredOf = (name: string, snapshot: string | undefined, ask: Ask): Promise<Gathered> => {
      const nowMs = now();
      const month = monthOf(name, nowMs);
      for (const [key, { atMs }] of kept) if (nowMs - atMs >= KEPT_MS) kept.delete(key);
      const key = `${name} ${snapshot ?? ""}`;
      const found = kept.get(key);
      if (found) return found.gathered;
      const gathered = sourceOf(ask, month, snapshot).then((source) => gather(source, { template, month, nowMs }));
      kept.set(key, { atMs: nowMs, gathered });
      // What failed is asked again by the next one.
      gathered.catch(() => kept.delete(key));
      return gathered;
    };

    app.get(
      "/api/v1/reports/monthly/:file",
      {
        schema: {
          tags: ["reports"],
          summary: "The monthly report as a file",
          description: DESCRIPTION,
          params: api.monthlyReportPath,
          querystring: api.monthlyReportParameters,
          response: {
            200: {
              description: "The file",
              content: Object.fromEntries(
                Object.values(REPORT_FORMATS).map((type) => [type.split(";")[0], { schema: z.any() }]),
              ),
            },
          },
        },
      },
      async (request, reply) => {
        const [name = "", format] = request.params.file.split(".") as [string, ReportFormat];
        const { lang, snapshot } = request.query;
        const bytes = await render(compose(await gatheredOf(name, snapshot, asker(request)), lang), format);
        reply.header("content-disposition", `attachment; filename="v6meter-${name}-${lang}.${format}"`);
        if (format === "html") reply.header("content-security-policy", HTML_POLICY);
        return reply
          .type(REPORT_FORMATS[format])
          .serializer((it: unknown) => it as string)
          .send(Buffer.from(bytes));
      },
    );

    app.post(
      "/api/v1/reports/monthly/:month/publish",
      {
        schema: {
          tags: ["reports"],
          summary: "Publish the report of a month",
          description: "Publishes the newest snapshot of the month: the report of it is a draft until then.",
          params: api.monthlyReportMonth,
          response: { 200: api.publishedReport },
        },
      },
      async (request) => {
        const month = monthOf(request.params.month, now());
        const { snapshot } = await sourceOf(asker(request), month);
        if (snapshot === null)
          throw new Fault("NOT_FOUND", `${month.name} has no snapshot; allowed: a month whose figures are frozen.`);
        const published = await asker(request, "POST")(`/api/v1/snapshots/${snapshot.id}/publish`);
        kept.clear();
        const { published_at: at } = z.object({ published_at: api.instant }).parse(published);
        return { month: month.name, snapshot: snapshot.id, published_at: at };
      },
    );
  };
}
