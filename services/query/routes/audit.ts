import type { AuditPlace, AuditReader } from "@v6meter/identity";
import { api, Fault } from "@v6meter/schemas";
import { z } from "zod";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";

const DESCRIPTION = `The newest first. The log is read from its end, a bounded part of it for one answer: follow \`next\` until it is null. What
is told here is not proof of it: \`v6meter audit verify\` holds the chain together.`;

const place = z.tuple([z.int().min(1), z.int().nonnegative()]);

const pageOf = ({ file, byte }: AuditPlace) => Buffer.from(JSON.stringify([file, byte])).toString("base64url");

/** The place a page begins at. Throws QUERY_INVALID for what is none. */
function placeOf(page: string): AuditPlace {
  try {
    const [file, byte] = place.parse(JSON.parse(Buffer.from(page, "base64url").toString()));
    return { file, byte };
  } catch (cause) {
    throw new Fault("QUERY_INVALID", "page: found what is no page; allowed: next of the answer before.", { cause });
  }
}

const msOf = (at: string | undefined) => (at === undefined ? null : Date.parse(at));

/** `GET /api/v1/audit`. */
export function auditRoute(app: Api, readAudit: AuditReader | null): void {
  app.get(
    "/api/v1/audit",
    {
      preValidation: listParameters("action"),
      schema: {
        tags: ["identity"],
        summary: "What people did",
        description: DESCRIPTION,
        querystring: api.auditParameters,
        response: { 200: api.audit },
      },
    },
    async ({ query }): Promise<api.AuditEntries> => {
      if (readAudit === null) throw new Fault("NOT_FOUND", "This process has no audit log; one of v6meter start has.");
      const { from, to, actor = null, action, limit, page } = query;
      const { records, unreadable, next } = await readAudit({
        fromMs: msOf(from),
        toMs: msOf(to),
        actor,
        actions: action,
        limit,
        before: page === undefined ? null : placeOf(page),
      });
      return {
        entries: records.map(({ previous: _, hash: __, at, ...entry }) => ({
          ...entry,
          at: api.instantText(Date.parse(at)),
        })),
        unreadable,
        next: next === null ? null : pageOf(next),
      };
    },
  );
}
