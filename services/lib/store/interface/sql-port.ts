import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import type { Logger } from "@v6meter/runtime";
import { Fault, formatHostPort, type HostPort } from "@v6meter/schemas";
import type { Engine } from "../embedded.ts";
import type { RawLimits } from "../port.ts";
import { Accounts, type SqlUser } from "./accounts.ts";
import { chosenEncoding, packed, unpackedBody } from "./encoding.ts";
import { exceptionOf, SqlException, statusOf } from "./exception.ts";
import { mediaTypeOf } from "./formats.ts";
import { bodyInsertOf } from "./insert-statement.ts";
import { readRequest, type SqlRequest } from "./request.ts";
import { Seats } from "./seats.ts";
import { type Answer, type Running, runInsert, runOwners, runReaders } from "./statements.ts";

/** Bounds of the interface; those of RawLimits hold a reader's statement. */
export interface SqlPortLimits extends RawLimits {
  /** Bytes of a reader's request, unpacked. Default 1 MiB. */
  readonly maxStatementBytes?: number;
  /** Bytes of the body of a user who may do everything, unpacked. Default 1 GiB. */
  readonly maxBodyBytes?: number;
  /** Seconds a statement of a user who may do everything runs at most. Default an hour. */
  readonly maxOwnExecutionS?: number;
  /** Time a request's headers and body may take to arrive. Default five minutes. */
  readonly maxReceiveMs?: number;
  /** Time a client may leave its answer unread. Default a minute. */
  readonly maxUnreadMs?: number;
  /** Statements that run or are answered at once. Default 4. */
  readonly maxRunning?: number;
  /** Statements that wait for their turn; more are refused. Default 64. */
  readonly maxWaiting?: number;
  /** Connections at once. Default 256. */
  readonly maxConnections?: number;
}

export interface SqlPortOptions {
  /** The engine of an embedded store. */
  readonly engine: Engine;
  readonly at: HostPort;
  /** Name of the setting that says where, for its Fault. */
  readonly setting?: string;
  readonly users: readonly SqlUser[];
  readonly limits: SqlPortLimits;
  readonly logger: Logger;
}

/** What has passed the interface since it was made. */
export interface SqlPortFigures {
  readonly requests: number;
  readonly failed: number;
  readonly refusedLogins: number;
  readonly abandoned: number;
}

/** ClickHouse's HTTP interface over the embedded engine; inert until it is started. */
export interface SqlPort {
  readonly name: string;
  /** Listens, and says where. Throws ADDRESS_IN_USE. */
  start(): Promise<HostPort>;
  /** Takes no more requests, and returns when those that ran are answered. */
  stop(): Promise<void>;
  figures(): SqlPortFigures;
}

/**
 * Makes ClickHouse's HTTP interface over the embedded engine, for its clients, drivers and dashboards: users
 * of rights `read` ask what a person may ask, within the limits; users of rights `all` do everything. Every
 * request is a session of its own: a session_id is accepted and not heeded.
 */
export function createSqlPort(options: SqlPortOptions): SqlPort {
  return new HttpSqlPort(options);
}

class HttpSqlPort implements SqlPort {
  readonly name = "SQL interface";
  readonly #options: SqlPortOptions;
  readonly #limits: Required<SqlPortLimits>;
  readonly #accounts: Accounts;
  readonly #seats: Seats;
  readonly #server;
  readonly #displayName = hostname();
  readonly #answering = new Set<Promise<void>>();
  readonly #figures = { requests: 0, failed: 0, refusedLogins: 0, abandoned: 0 };

  constructor(options: SqlPortOptions) {
    this.#options = options;
    this.#limits = {
      maxStatementBytes: 1_048_576,
      maxBodyBytes: 1_073_741_824,
      maxOwnExecutionS: 3_600,
      maxReceiveMs: 300_000,
      maxUnreadMs: 60_000,
      maxRunning: 4,
      maxWaiting: 64,
      maxConnections: 256,
      ...options.limits,
    };
    this.#accounts = new Accounts(options.users);
    this.#seats = new Seats(this.#limits);
    this.#server = createServer(
      { requestTimeout: this.#limits.maxReceiveMs, headersTimeout: Math.min(60_000, this.#limits.maxReceiveMs) },
      (request, response) => {
        const answering = this.#answer(request, response).finally(() => this.#answering.delete(answering));
        this.#answering.add(answering);
      },
    );
    this.#server.maxConnections = this.#limits.maxConnections;
  }

  start(): Promise<HostPort> {
    const { at, setting = "store.sql" } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause: NodeJS.ErrnoException) => {
        const what = `${setting}: ${formatHostPort(at)} cannot be listened on (${cause.code}).`;
        reject(new Fault("ADDRESS_IN_USE", what, { cause }));
      });
      this.#server.listen(at, () => {
        const bound = this.#server.address();
        resolve(typeof bound === "object" && bound !== null ? { ...at, port: bound.port } : at);
      });
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    await Promise.allSettled(this.#answering);
    this.#server.closeAllConnections();
    await closed;
  }

  figures(): SqlPortFigures {
    return { ...this.#figures };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#figures.requests += 1;
    response.on("error", () => undefined);
    try {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (request.method !== "GET" && request.method !== "POST" && request.method !== "HEAD") {
        response.setHeader("Allow", "GET, HEAD, POST");
        throw new SqlException(48, "NOT_IMPLEMENTED", `The method ${request.method}: only GET and POST are taken.`);
      }
      if (url.pathname === "/ping" || url.pathname === "/replicas_status") return send(response, 200, "Ok.\n");
      if (url.pathname !== "/")
        return send(response, 404, `There is no handle ${url.pathname}: use /, /ping or /?query=…\n`);
      if (request.method !== "POST" && !url.searchParams.has("query")) return send(response, 200, "Ok.\n");
      await this.#answerStatement(request, response, url.searchParams);
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const exception = exceptionOf(error);
    this.#figures.failed += 1;
    if (exception.code === 516) this.#figures.refusedLogins += 1;
    if (exception.code === 1002) this.#options.logger.warn({ err: error }, "a request of the SQL interface failed");
    if (response.headersSent || response.destroyed) return void response.destroy();
    response.setHeader("X-ClickHouse-Exception-Code", String(exception.code));
    // What is left of the body is not read: the connection cannot be used again.
    if (!request.complete) response.setHeader("Connection", "close");
    send(response, statusOf(exception), exception.line);
    if (!request.complete) response.once("finish", () => request.destroy());
  }

  async #answerStatement(
    request: IncomingMessage,
    response: ServerResponse,
    parameters: URLSearchParams,
  ): Promise<void> {
    response.setHeader("X-ClickHouse-Server-Display-Name", this.#displayName);
    const account = this.#accounts.admit(request, parameters);
    const asked = readRequest(request, parameters);
    response.setHeader("X-ClickHouse-Query-Id", asked.queryId);
    const running = this.#watch(response);
    const answer =
      account.rights === "read"
        ? await this.#asReader(request, asked, running)
        : await this.#asOwner(request, asked, running);
    await this.#send(request, response, asked, answer);
  }

  /** Ends a statement whose client went away. */
  #watch(response: ServerResponse): Running & { runs(): void } {
    const tag = randomUUID();
    let gone = false;
    let runs = false;
    const { engine, logger } = this.#options;
    response.once("close", () => {
      gone = !response.writableFinished;
      if (!gone) return;
      this.#figures.abandoned += 1;
      if (runs) engine.kill(tag).catch((err: unknown) => logger.warn({ err }, "a statement could not be ended"));
    });
    return {
      tag,
      abandoned: () => gone,
      runs: () => {
        runs = true;
      },
    };
  }

  async #asReader(request: IncomingMessage, asked: SqlRequest, running: Running & { runs(): void }): Promise<Answer> {
    const { engine } = this.#options;
    const statement = statementOf(asked, await textOf(unpackedBody(request, this.#limits.maxStatementBytes)));
    return this.#seats.take(() => {
      running.runs();
      return runReaders(engine, asked, statement, this.#limits, running);
    });
  }

  async #asOwner(request: IncomingMessage, asked: SqlRequest, running: Running & { runs(): void }): Promise<Answer> {
    const { engine } = this.#options;
    const { maxBodyBytes, maxOwnExecutionS } = this.#limits;
    const insert = asked.isGet ? null : bodyInsertOf(asked.query);
    const body = unpackedBody(request, maxBodyBytes);
    if (insert) {
      const received = await engine.files.receive(body);
      try {
        return await this.#seats.take(() => runInsert(engine, asked, insert, received, maxOwnExecutionS, running));
      } finally {
        await engine.files.remove(received);
      }
    }
    const statement = statementOf(asked, await textOf(body));
    return this.#seats.take(() => {
      running.runs();
      return runOwners(engine, asked, statement, maxOwnExecutionS, running);
    });
  }

  async #send(request: IncomingMessage, response: ServerResponse, asked: SqlRequest, answer: Answer): Promise<void> {
    const encoding = asked.compress ? chosenEncoding(request) : null;
    const bytes = encoding ? await packed(answer.bytes, encoding) : answer.bytes;
    if (encoding) response.setHeader("Content-Encoding", encoding);
    if (asked.compress) response.setHeader("Vary", "Accept-Encoding");
    response.setHeader("Content-Type", mediaTypeOf(answer.format));
    response.setHeader("X-ClickHouse-Format", answer.format);
    response.setHeader("X-ClickHouse-Timezone", answer.timezone);
    response.setHeader("X-ClickHouse-Summary", summaryOf(answer));
    response.setHeader("Content-Length", bytes.length);
    response.setTimeout(this.#limits.maxUnreadMs, () => response.destroy());
    await new Promise<void>((resolve) => {
      response.once("close", resolve);
      response.end(bytes);
    });
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** ClickHouse reads the parameter and then the body, as one text. */
function statementOf({ query }: SqlRequest, body: string): string {
  const statement = query === "" || body === "" ? query + body : `${query}\n${body}`;
  if (statement.trim() === "") throw new SqlException(62, "SYNTAX_ERROR", "Empty query.");
  return statement;
}

function summaryOf({ wrote, rows, rowsBytes, elapsedS }: Answer): string {
  const [written, result] = wrote ? [rows, 0] : [0, rows];
  const [writtenBytes, resultBytes] = wrote ? [rowsBytes, 0] : [0, rowsBytes];
  return JSON.stringify({
    read_rows: String(rows),
    read_bytes: String(rowsBytes),
    written_rows: String(written),
    written_bytes: String(writtenBytes),
    total_rows_to_read: "0",
    result_rows: String(result),
    result_bytes: String(resultBytes),
    elapsed_ns: String(Math.max(0, Math.round(elapsedS * 1e9))),
  });
}
