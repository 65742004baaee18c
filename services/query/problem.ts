import type { Socket } from "node:net";
import { type api, FAULTS, Fault, type FaultCode } from "@v6meter/schemas";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { parameterProblems } from "./parameter-problems.ts";

/** HTTP status of the faults an answer can carry; all others are 500 and say nothing of their cause. */
const STATUS: Partial<Record<FaultCode, number>> = {
  QUERY_INVALID: 400,
  QUERY_REFUSED: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  SUBMISSION_CONFLICT: 409,
  KEY_CONFLICT: 409,
  SUBMISSION_INVALID: 422,
  TOO_MANY_REQUESTS: 429,
  KEYS_INVALID: 500,
  STORE_UNREACHABLE: 503,
  IDENTITY_UNREACHABLE: 503,
  AUDIT_UNWRITABLE: 503,
};

/** Whether the request's Accept-Language has Chinese before English (RFC 9110 §12.5.4, first of equals). */
export function prefersChinese(header: string | undefined): boolean {
  let best = { language: "en", weight: 0 };
  for (const part of (header ?? "").split(",")) {
    const [range = "", ...parameters] = part.trim().toLowerCase().split(";");
    const language = range.trim().split("-")[0] as string;
    const q = parameters.map((parameter) => /^\s*q\s*=\s*([\d.]+)\s*$/.exec(parameter)?.[1]).find((text) => text);
    const weight = q === undefined ? 1 : Number(q);
    if ((language === "zh" || language === "en") && weight > best.weight) best = { language, weight };
  }
  return best.language === "zh";
}

/** Sends `application/problem+json` (RFC 9457). */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  fault: { code: FaultCode; status: number; detail: string; errors?: api.ParameterProblem[] },
): FastifyReply {
  const { code, status, detail, errors } = fault;
  const title = prefersChinese(request.headers["accept-language"]) ? FAULTS[code].zh : FAULTS[code].en;
  const problem: api.Problem = { type: `urn:v6meter:fault:${code}`, title, status, code, detail };
  if (errors) problem.errors = errors;
  // RFC 6750 §3: a 401 names the scheme, and the error only where credentials were sent.
  if (status === 401) {
    const sent = request.headers.authorization === undefined ? "" : ', error="invalid_token"';
    reply.header("www-authenticate", `Bearer realm="v6meter"${sent}`);
  }
  if (status === 403) reply.header("www-authenticate", 'Bearer realm="v6meter", error="insufficient_scope"');
  if (status === 503) reply.header("retry-after", "5");
  return reply
    .code(status)
    .header("vary", "accept-language")
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(problem);
}

/** Turns whatever a route threw into a problem; the cause of a 500 goes to the log only. */
export function answerError(error: FastifyError | Fault, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = parameterProblems(error.validation, request, error.validationContext);
    const detail = errors
      .map(({ parameter, found, allowed }) => `${parameter}: found ${found ?? "nothing"}; allowed: ${allowed}.`)
      .join(" ");
    return sendProblem(request, reply, { code: "QUERY_INVALID", status: 400, detail, errors });
  }
  if (error instanceof Fault) {
    const status = STATUS[error.code];
    if (status !== undefined && status < 500) {
      return sendProblem(request, reply, { code: error.code, status, detail: error.message });
    }
    request.log.error({ err: error, code: error.code }, "request failed");
    if (status !== undefined) {
      return sendProblem(request, reply, { code: error.code, status, detail: FAULTS[error.code].en });
    }
  } else if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    // Fastify's own refusals: malformed JSON, another media type, a body that is too long.
    return sendProblem(request, reply, { code: "QUERY_INVALID", status: error.statusCode, detail: error.message });
  } else {
    request.log.error({ err: error }, "request failed");
  }
  return sendProblem(request, reply, { code: "INTERNAL", status: 500, detail: FAULTS.INTERNAL.en });
}

/** Status of what Node's HTTP parser refuses before there is a request; all else is 400. */
const PARSER_STATUS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** Answers what is not HTTP with a problem and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const line = PARSER_STATUS[error.code ?? ""] ?? "400 Bad Request";
  const problem: api.Problem = {
    type: "urn:v6meter:fault:QUERY_INVALID",
    title: FAULTS.QUERY_INVALID.en,
    status: Number.parseInt(line, 10),
    code: "QUERY_INVALID",
    detail: "What was sent is not a request of HTTP/1.1 that this server takes.",
  };
  const body = JSON.stringify(problem);
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroy(error);
}
