import { type Audit, actorOf, type Identity, type KeyRing, type ListedKey, writtenDown } from "@v6meter/identity";
import { type AuditEntry, api, Fault, type FaultCode } from "@v6meter/schemas";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Api } from "../api.ts";

export interface KeyRoutesOptions {
  /** Null: the process keeps none. */
  readonly keys: KeyRing | null;
  readonly audit: Audit;
}

const MAKE_DESCRIPTION = `The answer is the only one that ever holds the key: what is kept is its SHA-256. A key without the right \`raw\` makes
none that has it (403). A name is given once (409). Written into the audit log before and after, as \`v6meter key create\` does.`;

const REVOKE_DESCRIPTION = `It is answered 401 from now on, by every process. A key does not revoke itself (409). Written into the audit log before and after.`;

/** Named keys are listed, made and revoked by administrators. */
export function keyRoutes(app: Api, { keys, audit }: KeyRoutesOptions): void {
  const ring = (): KeyRing => {
    if (keys === null) throw new Fault("NOT_FOUND", "This process keeps no named keys; one of v6meter start does.");
    return keys;
  };
  const entryOf = (request: FastifyRequest, action: "key.create" | "key.revoke", detail: AuditEntry["detail"]) => ({
    actor: actorOf(request.identity as Identity),
    from: request.ip,
    action,
    detail,
  });

  app.get(
    "/api/v1/keys",
    {
      schema: {
        tags: ["identity"],
        summary: "The named keys",
        description:
          "What they open and until when; never a key nor its hash. admin.key has no name and is not among them.",
        querystring: z.strictObject({}),
        response: { 200: api.keys },
      },
    },
    async (): Promise<api.Keys> => ({ keys: ring().list().map(told) }),
  );

  app.post(
    "/api/v1/keys",
    {
      schema: {
        tags: ["identity"],
        summary: "Make a key",
        description: MAKE_DESCRIPTION,
        body: api.newKey,
        response: { 201: api.madeKey },
      },
    },
    async (request, reply) => {
      const wanted = request.body;
      if (wanted.raw && request.identity?.raw !== true) {
        throw new Fault("FORBIDDEN", "raw: found true; allowed is false for a key that has not the right raw itself.");
      }
      const { key, stored } = await writtenDown(audit, entryOf(request, "key.create", wanted), () =>
        refusedAs("KEY_CONFLICT", ring().create(wanted)),
      );
      const { sha256: _, ...made } = stored;
      reply.code(201).header("cache-control", "no-store").header("location", `/api/v1/keys/${stored.name}`);
      return reply.send({ ...told({ ...made, last_used_at: null, expired: false }), key });
    },
  );

  app.delete(
    "/api/v1/keys/:id",
    {
      schema: {
        tags: ["identity"],
        summary: "Revoke a key",
        description: REVOKE_DESCRIPTION,
        params: z.object({ id: z.string().min(1).max(64).describe("Name of the key") }),
        response: { 200: api.revokedKey },
      },
    },
    async (request): Promise<api.RevokedKey> => {
      const { id } = request.params;
      if (request.identity?.kind === "key" && request.identity.name === id) {
        throw new Fault("KEY_CONFLICT", `${id} is the key that asks; another administrator's may revoke it.`);
      }
      const { name, role } = await writtenDown(audit, entryOf(request, "key.revoke", { name: id }), () =>
        refusedAs("NOT_FOUND", ring().revoke(id)),
      );
      return { name, role };
    },
  );
}

/** A key ring refuses as a command does; here the request is at fault, not a setting. */
function refusedAs<T>(code: FaultCode, change: Promise<T>): Promise<T> {
  return change.catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== "CONFIG_INVALID") throw error;
    throw new Fault(code, error.message, { cause: error });
  });
}

const instantOf = (at: string | null) => (at === null ? null : api.instantText(Date.parse(at)));

function told({ created_at, expires_at, last_used_at, ...key }: ListedKey): api.ListedKey {
  return {
    ...key,
    created_at: api.instantText(Date.parse(created_at)),
    expires_at: instantOf(expires_at),
    last_used_at: instantOf(last_used_at),
  };
}
