import { api, Fault } from "@v6meter/schemas";
import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { z } from "zod";
import type { Api } from "../api.ts";
import { isKnown } from "../entity-tag.ts";
import { askedSnapshot, pageOf } from "../paging.ts";
import { tableOf } from "../table.ts";
import { keepSuppressed } from "./compare.ts";
import { hasEnded, type NamedQuestion, namedQuestion } from "./question.ts";
import { idOf, partsOf, type SnapshotRecord, unknownSnapshot, type Version } from "./record.ts";
import { FROZEN_ROUTES } from "./standard-questions.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Of a closed month and computed now: the kept answer whose suppression holds, or true where none is. */
    computedNow: { readonly kept: unknown } | null;
  }
}

export interface ServeOptions {
  readonly record: SnapshotRecord;
  readonly now: () => number;
}

const isFrozen = ({ method, url }: Pick<RouteOptions, "method" | "url">) =>
  [method].flat().includes("GET") && FROZEN_ROUTES.includes(url);

/** The routes whose answers are kept take `snapshot` and tell it. */
function describeSnapshot(route: RouteOptions): void {
  if (!isFrozen(route)) return;
  const schema = route.schema as Record<string, unknown>;
  const asked = schema.querystring as z.ZodObject;
  schema.querystring = asked.safeExtend({ snapshot: api.snapshotParameter });
  const told = (answer: unknown) => (answer as z.ZodObject).safeExtend({ snapshot: api.snapshotMember });
  const response = schema.response as Record<string, unknown>;
  const ok = response[200] as { content?: Record<string, { schema: unknown }> };
  if (!ok.content) schema.response = { ...response, 200: told(ok) };
  else {
    const json = ok.content["application/json"] as { schema: unknown };
    const content = { ...ok.content, "application/json": { ...json, schema: told(json.schema) } };
    schema.response = { ...response, 200: { ...ok, content } };
  }
}

/**
 * Answers questions of closed months from their snapshots. An operator's figures are narrowed as they are computed,
 * so an operator is answered live; the public is answered from published snapshots only.
 */
export function serveSnapshots(app: Api, options: ServeOptions): void {
  app.addHook("onRoute", describeSnapshot);
  app.decorateRequest("computedNow", null);
  app.addHook("preHandler", async (request, reply) => {
    const route = { method: request.method === "HEAD" ? "GET" : request.method, url: request.routeOptions.url ?? "" };
    if (!isFrozen(route)) return;
    const asked = askedSnapshot(request);
    delete (request.query as { snapshot?: string }).snapshot;
    const question = namedQuestion(request.url);
    const role = request.identity?.role;
    if (role === "operator") {
      if (asked !== undefined && asked !== "live")
        throw new Fault("FORBIDDEN", `snapshot: found ${asked}; allowed for the key of an operator: live.`);
      return computedNow(request, question, null, options);
    }
    if (role === "public" && route.url === "/api/v1/indicators" && asked === undefined) return;
    const found = await keptAnswer(request, question, asked, options);
    if (found === null || asked === "live") return computedNow(request, question, found?.answer ?? null, options);
    return sendKept(request, reply, found, asked !== undefined);
  });
  app.addHook("preSerialization", async ({ computedNow: it }, reply, payload) => {
    if (it === null || reply.statusCode !== 200 || typeof payload !== "object" || payload === null) return payload;
    return { ...(it.kept === null ? payload : keepSuppressed(it.kept, payload)), snapshot: null };
  });
}

function computedNow(request: FastifyRequest, { month }: NamedQuestion, kept: unknown, { now }: ServeOptions): void {
  if (month !== null && hasEnded(month, now())) request.computedNow = { kept };
}

interface Found {
  readonly version: Version;
  readonly answer: Record<string, unknown>;
}

async function keptAnswer(
  request: FastifyRequest,
  question: NamedQuestion,
  asked: string | undefined,
  { record, now }: ServeOptions,
): Promise<Found | null> {
  const named = asked === undefined || asked === "live" ? null : partsOf(asked);
  const month = named?.month ?? question.month;
  const isPublic = request.identity?.role === "public";
  if (month === null || !hasEnded(month, now())) {
    if (!isPublic) return null;
    throw new Fault(
      "QUERY_INVALID",
      `month: found ${month ?? "nothing"}; allowed for the public: a month that is published.`,
    );
  }
  const nothing = (why: string) => new Fault("NOT_FOUND", `${question.path}: ${why}`);
  if (isPublic && asked === "live") throw nothing("the public sees what is published, not live figures.");
  const all = await record.recentVersions(month);
  if (named !== null && !all.some(({ version }) => version === named.version)) throw unknownSnapshot(asked as string);
  const open = isPublic ? all.filter(({ published }) => published) : all;
  const newest = named?.version ?? open.at(-1)?.version ?? 0;
  if (isPublic && !open.some(({ version }) => version === newest)) throw nothing(`${month} is not published.`);
  if (isPublic && /[?&](by=[^&]*\bexporter\b|exporter=)/.test(question.path))
    throw nothing("figures by exporter are not public.");
  const versions = all.filter(({ version }) => version <= newest);
  const version = versions.at(-1);
  const kept = await record.answer(versions, question.path);
  if (version && kept) return { version, answer: JSON.parse(kept.answer) as Found["answer"] };
  if (isPublic) throw nothing("the published snapshot does not hold this question.");
  if (named !== null)
    throw nothing(`the snapshot ${asked} does not hold this question; without snapshot it is computed.`);
  return null;
}

/** What never changes needs no second look; what a restatement may replace does. */
function sendKept(
  request: FastifyRequest,
  reply: FastifyReply,
  { version, answer }: Found,
  isNamed: boolean,
): FastifyReply {
  const id = idOf(version);
  const source = { id, version: version.version, taken_at: api.instantText(version.takenAtMs) };
  const page = pageOf(request, reply, { answer, snapshot: id });
  const table = tableOf(request, page);
  const content = table?.content ?? JSON.stringify({ ...page, snapshot: source });
  reply.headers({ vary: "accept", "v6meter-snapshot": id });
  const known = isKnown(request, reply, content);
  if (isNamed) reply.header("cache-control", "private, max-age=31536000, immutable");
  if (known) return reply.send();
  return reply
    .type(table?.type ?? "application/json; charset=utf-8")
    .serializer((it: unknown) => it as string)
    .send(content);
}
