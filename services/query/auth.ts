import { createHash, timingSafeEqual } from "node:crypto";
import { type Audit, actorOf, type Identities, type Identity, RateLimit, UNKNOWN_ACTOR } from "@v6meter/identity";
import { type AccessConfig, type AuditActor, type AuditEntry, addressBytes, Fault, isMappedV4 } from "@v6meter/schemas";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Api } from "./api.ts";
import { accessOf } from "./roles.ts";

/** Who is told apart how, how often they may ask, and where it is written down. */
export interface GuardOptions {
  readonly identities: Identities;
  readonly audit: Audit;
  /** The service itself where it asks its own routes; no limit holds it. */
  readonly own: { readonly secret: string; readonly identity: Identity };
  readonly limits: Pick<AccessConfig, "requests_per_minute" | "failed_logins_per_minute">;
}

const NO_KEY = "Send a key or a token as the header Authorization: Bearer KEY.";
const WRONG_KEY = "The key or token is not known, has expired or has no role here.";

const BEARER = /^Bearer +(\S+)$/i;

/** Compares secrets in a time that tells nothing of them. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Longest key or token that is looked at. */
const SECRET_MAX_LENGTH = 16_384;

/** Failures are counted by IPv4 address, or by the /64 that one IPv6 subscriber has for himself. */
function network(address: string): string {
  const bytes = addressBytes(address);
  if (!bytes || isMappedV4(bytes, 0)) return address;
  return Buffer.from(bytes.subarray(0, 8)).toString("hex");
}

/** Tells who sends a request and refuses what the table of routes and roles does not open to them (RFC 6750 §2.1). */
export function guard(app: Api, { identities, audit, limits, own }: GuardOptions): void {
  const failures = new RateLimit(limits.failed_logins_per_minute);
  const requests = new RateLimit(limits.requests_per_minute);

  /** A refusal stands whether or not it can be written down. */
  const noted = async (request: FastifyRequest, entry: Pick<AuditEntry, "action" | "outcome">, actor: AuditActor) => {
    const path = request.url.split("?")[0]?.slice(0, 200) ?? "";
    const detail = { method: request.method, path };
    await audit.append({ ...entry, actor, from: request.ip, detail }).catch((err: unknown) => {
      request.log.error({ err }, "a refused request could not be written into the audit log");
    });
  };
  const waited = (reply: FastifyReply, retryAfterS: number, what: string) => {
    reply.header("retry-after", String(retryAfterS));
    return new Fault("TOO_MANY_REQUESTS", `${what}: allowed is the next one in ${retryAfterS} s.`);
  };

  const refuseStranger = async (request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    const limited = failures.take(network(request.ip));
    if (!limited) {
      await noted(request, { action: "request.denied", outcome: "UNAUTHORIZED" }, UNKNOWN_ACTOR);
      throw new Fault("UNAUTHORIZED", WRONG_KEY);
    }
    if (limited.first) {
      await noted(request, { action: "request.limited", outcome: "TOO_MANY_REQUESTS" }, UNKNOWN_ACTOR);
    }
    throw waited(reply, limited.retryAfterS, "This address has sent too many wrong keys");
  };

  const admit = async (request: FastifyRequest, reply: FastifyReply, identity: Identity) => {
    const limited = requests.take(`${identity.kind} ${identity.name}`);
    if (!limited) return;
    if (limited.first) {
      await noted(request, { action: "request.limited", outcome: "TOO_MANY_REQUESTS" }, actorOf(identity));
    }
    throw waited(reply, limited.retryAfterS, `${identity.name} has sent too many requests`);
  };

  app.decorateRequest("identity", null);
  app.addHook("onRequest", async (request, reply) => {
    const { method, url } = request.routeOptions;
    const access = url === undefined ? "anybody with a key" : accessOf(method, url);
    if (access === "open") return;
    const [, secret] = BEARER.exec(request.headers.authorization ?? "") ?? [];
    if (secret === undefined && request.headers.authorization === undefined) throw new Fault("UNAUTHORIZED", NO_KEY);
    const isOwn = secret !== undefined && isSame(secret, own.secret);
    const identity = isOwn
      ? own.identity
      : secret === undefined || secret.length > SECRET_MAX_LENGTH
        ? null
        : await identities.identify(secret);
    if (!identity) return refuseStranger(request, reply);
    if (!isOwn) await admit(request, reply, identity);
    // Addresses that are not there: a person with a key is told so, others learn nothing of what is.
    if (access !== "anybody with a key" && !access?.includes(identity.role)) {
      await noted(request, { action: "request.denied", outcome: "FORBIDDEN" }, actorOf(identity));
      throw new Fault(
        "FORBIDDEN",
        `${request.method} ${url} is not open to the role ${identity.role}; allowed is ${access?.join(", ") || "nobody"}.`,
      );
    }
    request.identity = identity;
  });
}
