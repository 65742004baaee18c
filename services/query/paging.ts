import { createHash } from "node:crypto";
import { api, Fault } from "@v6meter/schemas";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { namedQuestion } from "./snapshots/question.ts";

/** What a token of a page says: where its rows begin, how many there are, of which answer to which question. */
const pageToken = z.strictObject({
  offset: z.int().nonnegative(),
  limit: api.pageLimit,
  snapshot: z.string().nullable(),
  question: z.string(),
});
type PageToken = z.infer<typeof pageToken>;

interface Paging {
  readonly limit?: number;
  readonly page?: string;
  readonly snapshot?: string;
}

const questionHash = ({ url }: FastifyRequest) =>
  createHash("sha256").update(namedQuestion(url).path).digest("base64url").slice(0, 22);

function tokenOf(request: FastifyRequest): PageToken | null {
  const { page } = request.query as Paging;
  if (page === undefined) return null;
  const refused = (why: string) => new Fault("QUERY_INVALID", `page: ${why}; allowed: next of this question's answer.`);
  let token: PageToken;
  try {
    token = pageToken.parse(JSON.parse(Buffer.from(page, "base64url").toString()));
  } catch {
    throw refused("found what is no page");
  }
  if (token.question !== questionHash(request)) throw refused("found a page of another question");
  return token;
}

/**
 * The snapshot a request names: by its page, which stays with the answer its first page came from ("live" where that
 * was computed), or by itself. Throws QUERY_INVALID where the page is of another question or snapshot.
 */
export function askedSnapshot(request: FastifyRequest): string | undefined {
  const { snapshot } = request.query as Paging;
  const token = tokenOf(request);
  if (token === null) return snapshot;
  const pinned = token.snapshot ?? "live";
  if (snapshot !== undefined && snapshot !== pinned)
    throw new Fault("QUERY_INVALID", `snapshot: found ${snapshot} with a page of ${pinned}; allowed: ${pinned}.`);
  return pinned;
}

/**
 * The rows of the page that is asked for, with `next` in the answer and as a Link (RFC 8288); all else, the total too,
 * is of all rows. Without `limit` and `page` the whole answer. `snapshot` is the id of what was answered from.
 */
export function pageOf<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  { answer, snapshot }: { readonly answer: T; readonly snapshot: string | null },
): T {
  const token = tokenOf(request);
  const limit = (request.query as Paging).limit ?? token?.limit;
  if (limit === undefined) return answer;
  const { rows } = answer as { readonly rows?: readonly unknown[] };
  const offset = token?.offset ?? 0;
  const end = offset + limit;
  const next =
    rows && end < rows.length ? nextPage({ offset: end, limit, snapshot, question: questionHash(request) }) : null;
  if (next !== null) reply.header("link", `<${linkTo(request, next)}>; rel="next"`);
  return { ...answer, rows: rows?.slice(offset, end), next };
}

const nextPage = (token: PageToken) => Buffer.from(JSON.stringify(token)).toString("base64url");

function linkTo({ url }: FastifyRequest, page: string): string {
  const { pathname, searchParams } = new URL(url, "http://v6meter");
  searchParams.set("page", page);
  return `${pathname}?${searchParams}`;
}
