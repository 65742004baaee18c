import { api, REPORT_FORMATS, type ReportFormat, type ReportTemplate } from "@v6meter/schemas";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Ask, faultOf } from "./ask.ts";
import { compose, type Gathered, gather } from "./compose.ts";
import { monthOf } from "./month.ts";
import { HTML_POLICY } from "./render/html.ts";
import { render } from "./render/index.ts";

/** The same answers serve all formats and languages that are asked for within this time. */
const KEPT_MS = 60_000;

const DESCRIPTION = `The monthly report, from the API's own answers: each figure names its question. A month that is not over, has no data, or misses
exporters gives a report that begins with saying so. **Formats**, by the end of the name: HTML (one page that loads nothing), DOCX (tables
and charts that can be edited), PDF, XLSX (every table with its numbers), CSV (a line a figure) and JSON. The figures are at most a minute old.`;

/** What the routes need. */
export interface ReportRoutesOptions {
  readonly template: ReportTemplate;
  /** The clock; a test has its own. */
  readonly now?: () => number;
}

/** The routes of reports, to be added to the query API: `GET /api/v1/reports/monthly/{file}`. They ask it as whoever asks them. */
export function reportRoutes({ template, now = Date.now }: ReportRoutesOptions): (server: FastifyInstance) => void {
  return (server) => {
    const app = server.withTypeProvider<ZodTypeProvider>();
    let kept: { readonly name: string; readonly atMs: number; readonly gathered: Promise<Gathered> } | null = null;

    const gatheredOf = (name: string, ask: Ask): Promise<Gathered> => {
      const nowMs = now();
      if (kept?.name === name && nowMs - kept.atMs < KEPT_MS) return kept.gathered;
      const month = monthOf(name, nowMs);
      const gathered = gather(ask, { template, month, snapshot: null, nowMs });
      const mine = { name, atMs: nowMs, gathered };
      kept = mine;
      // What failed is asked again by the next one.
      gathered.catch(() => {
        if (kept === mine) kept = null;
      });
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
        const { lang } = request.query;
        const { authorization = "" } = request.headers;
        const ask: Ask = async (path) => {
          const answer = await server.inject({ url: path, headers: { authorization, accept: "application/json" } });
          if (answer.statusCode !== 200) throw faultOf(path, answer.statusCode, answer.body);
          return answer.json();
        };
        const bytes = await render(compose(await gatheredOf(name, ask), lang), format);
        reply.header("content-disposition", `attachment; filename="v6meter-${name}-${lang}.${format}"`);
        if (format === "html") reply.header("content-security-policy", HTML_POLICY);
        return reply
          .type(REPORT_FORMATS[format])
          .serializer((it: unknown) => it as string)
          .send(Buffer.from(bytes));
      },
    );
  };
}
