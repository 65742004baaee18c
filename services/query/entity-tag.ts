import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * Tags an answer by its content (RFC 9110 §8.8.3) and lets the client keep it; true where the client has it
 * already, and the answer is a 304 without a body.
 */
export function isKnown(request: FastifyRequest, reply: FastifyReply, content: unknown): boolean {
  const bytes = typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content);
  const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  // Kept, but asked for again each time: late data may have restated it.
  reply.headers({ etag: tag, "cache-control": "private, no-cache" });
  const known = request.headers["if-none-match"] ?? "";
  const matches = known.trim() === "*" || known.split(",").some((it) => it.trim().replace(/^W\//, "") === tag);
  if (matches) reply.code(304);
  return matches;
}
