import type { Audit, Identity } from "@v6meter/identity";
import type { OpenCatalogue } from "@v6meter/indicators";
import {
  api,
  Fault,
  JUMP_RATIO,
  SUBMISSION_MAX_ROWS,
  type SubmissionKey,
  submissionId,
  submissionKey,
  submissionTemplate,
} from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { preferredType } from "../accept.ts";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { submissionsQuery } from "../queries/submissions.ts";
import { othersFigures, ownOperator } from "../roles.ts";
import { submissionAnswer } from "../submissions/answer.ts";
import { openChanges } from "../submissions/changes.ts";
import { cursorOf, readCursor } from "../submissions/cursor.ts";
import { type Doer, openDesk, readerOf } from "../submissions/desk.ts";
import { ROW_TYPES, readRows } from "../submissions/read-rows.ts";
import { templateCsv, templateWorkbook } from "../submissions/template-file.ts";
import { askedCombinations, columnWords } from "../submissions/words.ts";
import type { Named } from "./registry.ts";

const TEMPLATE_DESCRIPTION = `What a file of a reported series looks like, derived from the catalogue: its columns, the words they may hold, and
the rows that are asked for. CSV, or a workbook with lists to choose from with Accept: ${api.XLSX_TYPE}.`;

const HAND_IN_DESCRIPTION = `Keeps the figures of one unit, month and series as a new version, and says what is wrong with it, cell by cell. JSON, CSV
(UTF-8, or GBK with charset=gbk) or XLSX, up to ${SUBMISSION_MAX_ROWS} rows. **Errors** (types, unknown words, duplicates, ranges) keep it a draft.
**Warnings** (a figure that changed by more than ${JUMP_RATIO * 100} % since last month's accepted one, a combination that is missing) are to be
confirmed. With \`state=submitted\` it is submitted at once where nothing stands against it. After an accepted version a new one
is a restatement: it says what it changes.`;

const DECIDE_DESCRIPTION = `For the newest version only, which the body names: of two who decide at once one is told SUBMISSION_CONFLICT (409).`;

const ID = z.object({ id: z.string().max(200).describe("MONTH.SERIES.UNIT") });

export interface SubmissionOptions {
  readonly store: Store;
  readonly catalogue: OpenCatalogue;
  readonly audit: Audit;
  readonly named: Named;
}

/** The routes of submissions: templates, handing in, reading, deciding. */
export function submissionRoutes(app: Api, { store, catalogue, audit, named }: SubmissionOptions): void {
  const changes = openChanges(store);
  const desk = openDesk({ changes, catalogue, audit, named });

  const answer = async (key: SubmissionKey, identity: Identity | null): Promise<api.Submission> => {
    const all = await changes.of(key);
    const seen = identity?.role === "analyst" ? all.filter(({ state }) => state === "accepted") : all;
    if (seen.length === 0) throw new Fault("NOT_FOUND", `${submissionId(key)} has not been handed in.`);
    return submissionAnswer(seen, (await readerOf(catalogue, key.series)).indicator);
  };

  app.get(
    "/api/v1/submissions/templates/:series",
    {
      // A form is nobody's figures.
      config: { narrows: true },
      schema: {
        tags: ["submissions"],
        summary: "The template of a reported series",
        description: TEMPLATE_DESCRIPTION,
        params: z.object({ series: z.string().max(64).describe("Reported series") }),
        querystring: api.submissionTemplateParameters,
        response: {
          200: {
            description: "The template",
            content: { "text/csv": { schema: z.string() }, [api.XLSX_TYPE]: { schema: z.any() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { series } = request.params;
      const { indicator, series: known } = await readerOf(catalogue, series);
      if (indicator === undefined)
        throw new Fault("NOT_FOUND", `${series} is no reported series; allowed: ${known.join(", ")}.`);
      const template = submissionTemplate(indicator);
      const unit = unitOf(request, request.query.unit);
      const words = columnWords(template, named(), await catalogue.current(), unit);
      const filled = { template, words, asked: askedCombinations(words, unit) };
      const workbook = preferredType(request.headers.accept, ["text/csv", api.XLSX_TYPE]) === api.XLSX_TYPE;
      reply
        .header("vary", "accept")
        .header("content-disposition", `attachment; filename="${series}.${workbook ? "xlsx" : "csv"}"`)
        .type(workbook ? api.XLSX_TYPE : "text/csv; charset=utf-8");
      return workbook ? reply.serializer(String).send(await templateWorkbook(filled)) : reply.send(templateCsv(filled));
    },
  );

  app.get(
    "/api/v1/submissions",
    {
      preValidation: listParameters("month", "series", "unit", "state", "object"),
      config: { narrows: true },
      schema: {
        tags: ["submissions"],
        summary: "Submissions as they stand",
        description:
          "A unit sees its own, an analyst what was accepted last. The newest month first; `next` is the cursor of the page after.",
        querystring: api.submissionsParameters,
        response: { 200: api.submissions },
      },
    },
    async (request): Promise<api.Submissions> => {
      const { month, series, unit, state, object, limit, cursor } = request.query;
      const own = ownOperator(request);
      const others = own === null ? [] : unit.filter((it) => it !== own);
      if (others.length > 0) throw othersFigures("unit", others, own as string);
      const after = cursor === undefined ? { month: "", series: "", unit: "" } : readCursor(cursor);
      const found = await store.query(submissionsQuery, {
        months: month,
        series_ids: series,
        units: own === null ? unit : [own],
        states: state,
        objects: object,
        accepted_only: request.identity?.role === "analyst",
        after_month: after.month,
        after_series: after.series,
        after_unit: after.unit,
        row_limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        submissions: page.map((it) => ({
          id: submissionId(it),
          series: it.series,
          month: it.month,
          unit: it.unit,
          version: it.last_version,
          state: it.last_state,
          at: api.instantText(it.at_ms_text),
          by: it.last_actor,
          role: it.last_role,
          reason: it.last_reason || null,
          rows: it.last_rows,
          errors: it.last_errors,
          warnings: it.last_warnings,
          confirmed: it.last_confirmed,
        })),
        next: found.length > limit && last !== undefined ? cursorOf(last) : null,
      };
    },
  );

  app.get(
    "/api/v1/submissions/:id",
    {
      config: { narrows: true },
      schema: {
        tags: ["submissions"],
        summary: "A submission with all its versions",
        description:
          "An analyst sees the versions that were accepted. A version after an accepted one says by `restatement` which figures it changes.",
        params: ID,
        response: { 200: api.submission },
      },
    },
    async (request) => answer(keyOf(request), request.identity),
  );

  // Files are taken at this address only.
  app.register(async (scope) => {
    scope.addContentTypeParser(ROW_TYPES.slice(1), { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    (scope as Api).post(
      "/api/v1/submissions",
      {
        config: { narrows: true },
        schema: {
          tags: ["submissions"],
          summary: "Hand in figures of a month",
          description: HAND_IN_DESCRIPTION,
          querystring: api.submissionParameters,
          body: {
            content: {
              "application/json": { schema: api.submissionBody },
              "text/csv": { schema: z.any().meta({ type: "string" }) },
              [api.XLSX_TYPE]: { schema: z.any().meta({ type: "string", format: "binary" }) },
            },
          },
          response: { 201: api.submission },
        },
      },
      async (request, reply) => {
        const { series, month, state, confirm, unit: named } = request.query;
        const unit = unitOf(request, named);
        if (unit === null)
          throw new Fault("QUERY_INVALID", "unit: found nothing; allowed: the unit whose figures these are.");
        const key = { month, series, unit };
        const sent = await readRows(request.headers["content-type"] ?? "", request.body);
        await desk.handIn(key, sent, { submit: state === "submitted", confirmed: confirm === "true" }, doer(request));
        return reply
          .code(201)
          .header("location", `/api/v1/submissions/${encodeURIComponent(submissionId(key))}`)
          .send(await answer(key, request.identity));
      },
    );
  });

  app.post(
    "/api/v1/submissions/:id/submit",
    {
      config: { narrows: true },
      schema: {
        tags: ["submissions"],
        summary: "Submit a draft",
        description: "Refused (422) while there are errors, or warnings that are not confirmed.",
        params: ID,
        body: api.submitBody,
        response: { 200: api.submission },
      },
    },
    async (request) => {
      const key = keyOf(request);
      await desk.submit(key, request.body.version, request.body.confirm, doer(request));
      return answer(key, request.identity);
    },
  );

  app.post(
    "/api/v1/submissions/:id/accept",
    {
      schema: {
        tags: ["submissions"],
        summary: "Accept a submitted version",
        description: `Its figures are in force from now on. ${DECIDE_DESCRIPTION}`,
        params: ID,
        body: api.acceptBody,
        response: { 200: api.submission },
      },
    },
    async (request) => {
      const key = keyOf(request);
      await desk.decide(key, "accept", request.body.version, "", doer(request));
      return answer(key, request.identity);
    },
  );

  app.post(
    "/api/v1/submissions/:id/return",
    {
      schema: {
        tags: ["submissions"],
        summary: "Return a submitted version",
        description: `With a reason; what was in force before stays so. ${DECIDE_DESCRIPTION}`,
        params: ID,
        body: api.returnBody,
        response: { 200: api.submission },
      },
    },
    async (request) => {
      const key = keyOf(request);
      await desk.decide(key, "return", request.body.version, request.body.reason, doer(request));
      return answer(key, request.identity);
    },
  );
}

function doer(request: FastifyRequest): Doer {
  return { identity: request.identity as Identity, from: request.ip };
}

/** The unit a request is about: of a unit's key its own. Throws FORBIDDEN where it names another. */
function unitOf(request: FastifyRequest, named: string | undefined): string | null {
  const own = ownOperator(request);
  if (own !== null && named !== undefined && named !== own) throw othersFigures("unit", [named], own);
  return own ?? named ?? null;
}

/** The submission a request names. Throws NOT_FOUND, and FORBIDDEN for another unit's, whether it is there or not. */
function keyOf(request: FastifyRequest): SubmissionKey {
  const { id } = request.params as { id: string };
  const key = submissionKey(id);
  if (key === null)
    throw new Fault(
      "NOT_FOUND",
      `${id} is no submission; an id is MONTH.SERIES.UNIT, such as 2026-10.stb_share.telecom.`,
    );
  unitOf(request, key.unit);
  return key;
}
