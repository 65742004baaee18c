import { type Audit, actorOf, type Identity } from "@v6meter/identity";
import { api, Fault } from "@v6meter/schemas";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { csvText, prefersCsv } from "../accept.ts";
import type { Api } from "../api.ts";
import { differences } from "../snapshots/compare.ts";
import { idOf, partsOf, type SnapshotRecord, snapshotsOf, unknownSnapshot, versionsOf } from "../snapshots/record.ts";
import type { Taker } from "../snapshots/take.ts";

export interface SnapshotRoutesOptions {
  readonly record: SnapshotRecord;
  readonly taker: Taker;
  readonly audit: Audit;
  readonly now: () => number;
}

const idParameter = z.object({ id: z.string().max(64).describe("Id of the snapshot, such as 2026-10-v1") });

/** The routes of snapshots: take, list, differences, publish. */
export function snapshotRoutes(app: Api, { record, taker, audit, now }: SnapshotRoutesOptions): void {
  const told = async (id: string): Promise<api.Snapshot> => {
    const { month } = partsOf(id);
    const found = snapshotsOf(await record.steps(month)).find((it) => it.id === id);
    if (!found) throw unknownSnapshot(id);
    return found;
  };
  const noted = (request: FastifyRequest, action: "snapshot.take" | "snapshot.publish", id: string, reason: string) =>
    audit.append({
      actor: actorOf(request.identity as Identity),
      from: request.ip,
      action,
      outcome: "started",
      detail: { snapshot: id, reason },
    });

  app.get(
    "/api/v1/snapshots",
    {
      schema: {
        tags: ["snapshots"],
        summary: "Snapshots of closed months",
        description: `A snapshot keeps the API's own answers to the standard questions of a month. The newest one that holds a question answers
it from then on; late data makes a further version, never a silent change.`,
        querystring: api.snapshotsParameters,
        response: { 200: api.snapshots },
      },
    },
    async ({ query }): Promise<api.Snapshots> => ({ snapshots: snapshotsOf(await record.steps(query.month ?? "")) }),
  );

  app.post(
    "/api/v1/snapshots",
    {
      schema: {
        tags: ["snapshots"],
        summary: "Take a snapshot of a month",
        description: `Asks all standard questions of a month that has ended, in the background; \`GET /api/v1/snapshots/{id}\` tells how far it is.
Where the month has a snapshot, a further version comes about only if an answer differs: else its state becomes \`unchanged\`.`,
        body: api.snapshotRequest,
        response: { 202: api.snapshot },
      },
    },
    async (request, reply) => {
      const { month, reason = "asked for" } = request.body;
      // Written down first: what cannot be is not done.
      await noted(request, "snapshot.take", month, reason);
      const begun = await taker.begin(month, { attempt: `asked ${new Date(now()).toISOString()}`, reason });
      return reply.code(202).send(begun);
    },
  );

  app.get(
    "/api/v1/snapshots/:id",
    {
      schema: {
        tags: ["snapshots"],
        summary: "A snapshot and how far it is",
        params: idParameter,
        response: { 200: api.snapshot },
      },
    },
    ({ params }) => told(params.id),
  );

  app.get(
    "/api/v1/snapshots/:id/differences",
    {
      schema: {
        tags: ["snapshots"],
        summary: "What a restatement changed",
        description: `Every figure in which this version differs from the one before it, per question and row; CSV with \`Accept: text/csv\`. Of a
row that is suppressed in one of the two no figure is told.`,
        params: idParameter,
        response: {
          200: {
            description: "The figures that changed",
            content: { "application/json": { schema: api.snapshotDifferences }, "text/csv": { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      const answer = await changedFigures(record, request.params.id);
      reply.header("vary", "accept");
      if (!prefersCsv(request.headers.accept)) return reply.type("application/json").send(answer);
      const columns = ["question", "row", "field", "old", "new", "difference", "suppressed"];
      return reply.type("text/csv; charset=utf-8").send(csvText(columns, answer.differences));
    },
  );

  app.post(
    "/api/v1/snapshots/:id/publish",
    {
      schema: {
        tags: ["snapshots"],
        summary: "Publish a snapshot",
        description: "From then on the public sees its answers about indicators, but for rows by exporter.",
        params: idParameter,
        response: { 200: api.snapshot },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { month, version } = partsOf(id);
      const steps = await record.steps(month);
      const taken = steps.find((it) => it.version === version && it.state === "taken");
      if (!taken) throw new Fault("NOT_FOUND", `${id} is not taken; allowed: a snapshot whose state is taken.`);
      await noted(request, "snapshot.publish", id, taken.reason);
      await record.add({ ...taken, at_ms: now(), state: "published" });
      return told(id);
    },
  );
}

async function changedFigures(record: SnapshotRecord, id: string) {
  const { month, version } = partsOf(id);
  const all = versionsOf(await record.steps(month));
  const versions = all.filter((it) => it.version <= version);
  const [now, before] = [versions.at(-1), versions.at(-2)];
  if (now?.version !== version) throw unknownSnapshot(id);
  if (!before) return { id, previous: null, differences: [] };
  const kept = Map.groupBy(await record.answers(versions, "", 2), ({ question }) => question);
  const changed = [...kept.values()].filter(([newest]) => newest?.version === version);
  return {
    id,
    previous: idOf(before),
    differences: changed.flatMap(([newest, old]) =>
      old
        ? differences(JSON.parse(old.answer), JSON.parse((newest as typeof old).answer)).map((it) => ({
            question: old.question,
            ...it,
          }))
        : [],
    ),
  };
}
