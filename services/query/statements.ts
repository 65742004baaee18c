import { AsyncLocalStorage } from "node:async_hooks";
import { literalStatement, type Store } from "@v6meter/store";
import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { z } from "zod";
import { preferredType } from "./accept.ts";
import type { Api } from "./api.ts";

/** Media type of SQL (RFC 6922). */
const SQL = "application/sql";
const TYPES = ["application/json", "text/csv", SQL] as const;
const LINE_MAX_CHARS = 118;

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route also answers `application/sql`: its statements; this says what becomes of their rows. */
    statements?: string;
  }
}

interface Ran {
  readonly name: string;
  readonly text: string;
}

/** The statements that run for a request which asks for them. */
const running = new AsyncLocalStorage<Ran[]>();

/** What describes or plans a statement is no figure. */
const READS = /^(?:\s*--[^\n]*\n)*\s*(?:SELECT|WITH)\b/;

/** The same store, which tells the statements of a request that asks for them. */
export function toldStore(store: Store): Store {
  return {
    migrate: () => store.migrate(),
    insert: (insert) => store.insert(insert),
    query(query, params) {
      const ran = running.getStore();
      const bound = ran && READS.test(query.sql) ? query.params.safeParse(params) : null;
      if (bound?.success) ran?.push({ name: query.name, text: literalStatement(query, bound.data as object) });
      return store.query(query, params);
    },
    raw: (statement, limits, options) => store.raw(statement, limits, options),
    ping: () => store.ping(),
    stop: () => store.stop(),
  };
}

const isAsked = ({ headers, routeOptions }: FastifyRequest) =>
  routeOptions.config.statements !== undefined && preferredType(headers.accept, TYPES) === SQL;

/**
 * Routes that name `statements` also answer `application/sql`: the request is answered as ever, with its refusals and
 * its operator's view, and the statements which ran for it are told instead of the figures.
 */
export function serveStatements(app: Api): void {
  app.addHook("onRoute", describeStatements);
  app.addHook("preHandler", (request, _reply, done) => {
    if (!isAsked(request)) return done();
    // A tag of the figures says nothing of their statements.
    delete request.headers["if-none-match"];
    running.run([], done);
  });
  app.addHook("onSend", async (request, reply, payload) => {
    const ran = running.getStore();
    if (ran === undefined || reply.statusCode !== 200) return payload;
    for (const header of ["etag", "link", "content-length"]) reply.removeHeader(header);
    reply.header("cache-control", "no-store").header("vary", "accept").type(`${SQL}; charset=utf-8`);
    return statementsText(request, reply, ran);
  });
}

function describeStatements(route: RouteOptions): void {
  if (route.config?.statements === undefined) return;
  const response = (route.schema as { response: Record<string, unknown> }).response;
  const ok = response[200] as z.ZodType & { content?: Record<string, unknown>; description?: string };
  const content = {
    ...(ok.content ?? { "application/json": { schema: ok } }),
    [SQL]: { schema: z.string().describe("The statements behind the figures (RFC 6922), parameters as literals") },
  };
  const description = ok.description ?? "The answer";
  route.schema = { ...route.schema, response: { ...response, 200: { description, content } } };
}

function statementsText(request: FastifyRequest, reply: FastifyReply, ran: readonly Ran[]): string {
  const snapshot = reply.getHeader("v6meter-snapshot");
  const said = [
    `GET ${request.url}`,
    ...(snapshot !== undefined
      ? [
          `No statement ran: the answer is kept as it was frozen in the snapshot ${snapshot}; those that compute it anew are told of the same question with snapshot=live.`,
        ]
      : ran.length === 0
        ? ["No statement ran: the figures come from files of the catalogue, or from what units handed in."]
        : [
            request.routeOptions.config.statements as string,
            `Read from the tables of the platform's database: a key with the right raw, or clickhouse-client, runs ${ran.length === 1 ? "it" : "them, one at a time"}.`,
          ]),
  ];
  const parts = ran.map(({ name, text }, index) => `-- ${index + 1} of ${ran.length}: ${name}\n${text}`);
  return `${said.flatMap(commentLines).join("\n")}\n\n${parts.join(";\n\n")}\n`;
}

/** A sentence as lines of a comment; no line break of an address gets out of it. */
function commentLines(sentence: string): string[] {
  const lines = [""];
  for (const word of sentence.split(/\s+/)) {
    const last = lines.at(-1) as string;
    if (last !== "" && last.length + word.length >= LINE_MAX_CHARS) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line) => `-- ${line}`);
}
