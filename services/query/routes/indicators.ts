import type { OpenCatalogue, Question } from "@v6meter/indicators";
import {
  addressBytes,
  addressText,
  api,
  Fault,
  INDICATOR_DIMENSIONS,
  INDICATOR_GROUPINGS,
  type Indicator,
} from "@v6meter/schemas";
import { z } from "zod";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { lastDay, namedPeriod, periodText, widened } from "../period.ts";
import { ownOperator } from "../roles.ts";
import { sendTable, tableContent } from "../table.ts";

const FIVE_MINUTES_MS = 300_000;

const LIST_DESCRIPTION = `The catalogue of indicators in five dimensions: network, applications, terminals, users, traffic. An indicator is data: a
file dropped into the folder \`query.catalogue_dir\` is checked (its statement by the engine) and served from the next request
on; a file with a mistake is not, and stands in \`refused\` with line and reason, while all others are.`;

const DESCRIPTION = `The figures of one indicator. **Period**: \`from\` and \`to\` (half-open, widened to whole 5 minutes), or a \`day\` or a \`month\` of
Asia/Shanghai; the last 24 hours without any. A reported figure belongs to the period that holds the first day of its month.

**Totals** are computed over the source of the rows: of a ratio a sum over a sum, never a mean of shares; of distinct
subscribers nobody twice, and within a month only; of a rate over all traffic together. Of reported stocks (kinds last and ratio) the latest month of
each unit counts.

**Users**: active subscribers are told by the ladder of \`/api/v1/users/active\`, with \`method\`, \`coverage\`, \`low\` and
\`high\`, and are the same as there; the value is null where sessions cover nothing. Figures of fewer subscribers than
\`min_cell_users\` are suppressed, with those that would tell them.

**Pages**: with \`limit\` the rows come by pages: \`next\`, or the header Link, leads on; the total is of all rows. The pages of a
frozen month stay with the snapshot of the first; those of figures that are computed are cut from what is so at the time.

**Formats**: JSON, or the rows alone by \`Accept\`: \`text/csv\`, \`application/vnd.apache.arrow.stream\` (Arrow IPC) or
\`application/vnd.apache.parquet\`, both with \`at\` in UTC, exact integers as text, and \`suppressed\`. The answer over a period that has ended carries an ETag of its
content; If-None-Match answers 304 while late data has not changed it.`;

/** Columns of how a figure of users was told. */
const USERS_COLUMNS = Object.keys(api.usersTold);

/** What the definition is, without where its figures are read. */
const describe = (indicator: Indicator) => api.indicatorDescription.parse(indicator);

const STATEMENTS =
  "The row with is_total = 1 is the total, the others are the rows. Where subscribers are counted, small figures are suppressed after the statement, and active ones are told by the ladder of estimates (services/lib/users) from several statements: its figures stand in no row of them.";

/** `GET /api/v1/indicators` and `GET /api/v1/indicators/{id}`. */
export function indicatorRoutes(app: Api, catalogue: OpenCatalogue): void {
  app.get(
    "/api/v1/indicators",
    {
      preValidation: listParameters("dimension", "class"),
      // Definitions are nobody's figures.
      config: { narrows: true },
      schema: {
        tags: ["indicators"],
        summary: "The catalogue of indicators",
        description: LIST_DESCRIPTION,
        querystring: api.indicatorsParameters,
        response: { 200: api.indicators },
      },
    },
    async ({ query, identity }): Promise<api.Indicators> => {
      const { indicators, refused } = await catalogue.current();
      const order = Object.keys(INDICATOR_DIMENSIONS);
      const asked = [...indicators.values()].filter(
        (it) =>
          (query.dimension.length === 0 || query.dimension.includes(it.dimension)) &&
          (query.class.length === 0 || query.class.includes(it.class)),
      );
      asked.sort((a, b) => order.indexOf(a.dimension) - order.indexOf(b.dimension) || (a.id < b.id ? -1 : 1));
      return { indicators: asked.map(describe), refused: identity?.role === "administrator" ? [...refused] : [] };
    },
  );

  app.get(
    "/api/v1/indicators/:id",
    {
      preValidation: listParameters("by", ...INDICATOR_GROUPINGS),
      config: { table: { row: api.indicatorRow, columns }, statements: STATEMENTS },
      schema: {
        tags: ["indicators"],
        summary: "Figures of an indicator",
        description: DESCRIPTION,
        params: z.object({ id: z.string().max(64).describe("Id of the indicator") }),
        querystring: api.indicatorParameters,
        response: {
          200: {
            description: "The figures by rows and in total",
            content: tableContent(api.indicatorFigures),
          },
          304: z.null().describe("What the client has is still so"),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const indicator = (await catalogue.current()).indicators.get(id);
      if (!indicator)
        throw new Fault("NOT_FOUND", `${id} is no indicator of the catalogue; all are listed at /api/v1/indicators.`);
      if (ownOperator(request) !== null && !indicator.by.includes("operator"))
        throw new Fault(
          "FORBIDDEN",
          `${id} is not told by operator; allowed for the key of one are indicators that are.`,
        );
      if (ownOperator(request) !== null && (request.query.by.includes("exporter") || request.query.exporter.length > 0))
        throw new Fault(
          "FORBIDDEN",
          "exporter: not allowed for the key of an operator; /api/v1/exporters lists its own.",
        );
      const nowMs = Date.now();
      const answer = await figures(catalogue, indicator, request.query, nowMs);
      return sendTable(request, reply, { answer, closed: answer.closed });
    },
  );
}

/** Columns of an answer's rows. */
function columns({ interval, by, indicator }: api.IndicatorFigures): string[] {
  const users = indicator.kind === "distinct" ? USERS_COLUMNS : [];
  return [...(interval ? ["at"] : []), ...by, "value", "numerator", "denominator", "completeness", ...users];
}

function questionOf({ by, interval, ...parameters }: api.IndicatorParameters, nowMs: number): Question {
  const { from, to, day, month, limit: _, page: __, ...filters } = parameters;
  const period = widened(namedPeriod({ from, to, day, month }, nowMs) ?? lastDay(nowMs), FIVE_MINUTES_MS);
  const exporters = filters.exporter.map((text) => addressText(addressBytes(text) as Uint8Array));
  return {
    period,
    by: INDICATOR_GROUPINGS.filter((name) => by.includes(name)),
    interval: interval ?? null,
    filters: Object.fromEntries(
      Object.entries({ ...filters, exporter: exporters }).filter(([, words]) => words.length > 0),
    ),
  };
}

async function figures(
  catalogue: OpenCatalogue,
  indicator: Indicator,
  parameters: api.IndicatorParameters,
  nowMs: number,
): Promise<api.IndicatorFigures> {
  const question = questionOf(parameters, nowMs);
  const { rows, total } = await catalogue.published(indicator, question);
  return {
    indicator: describe(indicator),
    period: periodText(question.period),
    closed: question.period.toMs <= nowMs,
    interval: question.interval,
    by: [...question.by],
    rows: rows.map(({ atMs, keys, ...figure }) => ({
      ...(atMs !== null && { at: api.instantText(atMs) }),
      ...keys,
      ...figure,
    })),
    total,
  };
}
