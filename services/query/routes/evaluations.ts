import { monthBegin, monthBeginOf, monthNumber, type OpenCatalogue } from "@v6meter/indicators";
import { api, Fault, type ScoringRule } from "@v6meter/schemas";
import { z } from "zod";
import type { Api } from "../api.ts";
import { isKnown } from "../entity-tag.ts";

const DESCRIPTION = `Scores and ranks of a month by a scoring rule: of operators, cities, industries, objects or units. **Method**: a figure gives no
points at \`zero\` of its item, 100 at \`full\`, in proportion between; the score is the mean of the points by the items' weights,
less the penalties, never below 0. Every score is opened to the figures it came from, and stands against the month before by
the same version. A rule is data, with versions: it comes as a file of \`query.catalogue_dir\` as an indicator does.`;

/** `GET /api/v1/evaluations`. */
export function evaluationsRoute(app: Api, catalogue: OpenCatalogue): void {
  app.get(
    "/api/v1/evaluations",
    {
      schema: {
        tags: ["indicators"],
        summary: "Scores and ranks",
        description: DESCRIPTION,
        querystring: api.evaluationsParameters,
        response: { 200: api.evaluations, 304: z.null().describe("What the client has is still so") },
      },
    },
    async (request, reply) => {
      const { rule: id, version, month } = request.query;
      const { scoring } = await catalogue.current();
      if (id === undefined) {
        return { rules: [...scoring.values()].flat().map(describe), month: null, subjects: [] };
      }
      const rule = scoring.get(id)?.find((it) => version === undefined || it.version === version);
      if (!rule) {
        const known = [...scoring.values()].flat().map((it) => `${it.id} version ${it.version}`);
        throw new Fault(
          "NOT_FOUND",
          `rule: found ${id}${version ? ` version ${version}` : ""}; allowed: ${known.join(", ")}.`,
        );
      }
      const now = monthNumber(Date.now());
      const number = month === undefined ? now - 1 : monthNumber(monthBeginOf(month));
      const answer = await evaluation(catalogue, rule, number);
      if (number < now && isKnown(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );
}

const describe = ({ id, version, zh, en, source, subject }: ScoringRule) => ({ id, version, zh, en, source, subject });

async function evaluation(catalogue: OpenCatalogue, rule: ScoringRule, number: number): Promise<api.Evaluations> {
  const month = (begin: number) => ({ fromMs: monthBegin(begin), toMs: monthBegin(begin + 1) });
  const [now, before] = await Promise.all([
    catalogue.score(rule, month(number)),
    catalogue.score(rule, month(number - 1)),
  ]);
  const previous = new Map(before.map((it) => [it.subject, it]));
  const subjects = now.map(({ subject, score, rank, items, penalties }) => {
    const { score: previousScore = null, rank: previousRank = null } = previous.get(subject) ?? {};
    return {
      subject,
      score,
      rank,
      previous_score: previousScore,
      previous_rank: previousRank,
      change: score === null || previousScore === null ? null : score - previousScore,
      items: [...items],
      penalties: [...penalties],
    };
  });
  return {
    rules: [describe(rule)],
    month: api.monthText(monthBegin(number)),
    subjects: subjects.sort(
      (a, b) =>
        (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || (a.subject < b.subject ? -1 : 1),
    ),
  };
}
