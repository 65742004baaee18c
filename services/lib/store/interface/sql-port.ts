import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@v6meter/runtime";
import { Fault, formatHostPort, type HostPort } from "@v6meter/schemas";
import type { Engine } from "../embedded.ts";
import type { RawLimits } from "../port.ts";
import type { BegunStatement, SqlAccess } from "./access.ts";
import { Accounts, type Admitted, type SqlUser } from "./accounts.ts";
import { blockStream } from "./block-stream.ts";
import { chosenEncoding, engineEncoding, packed, unpackedBody } from "./encoding.ts";
import { exceptionOf, SqlException, statusOf } from "./exception.ts";
import { mediaTypeOf } from "./formats.ts";
import { bodyInsertOf, splitBody } from "./insert-statement.ts";
import { LoginLimit, TooManyLogins } from "./login-limit.ts";
import { readRequest, type SqlRequest } from "./request.ts";
import { Seats } from "./seats.ts";
import { type Answer, type Running, runInsert, runOwners, runReaders, unpackedByEngine } from "./statements.ts";

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
  /** Time a client may take to read its answer. Default five minutes. */
  readonly maxSendMs?: number;
  /** Statements that run or are answered at once. Default 4. */
  readonly maxRunning?: number;
  /** Statements that wait for their turn; more are refused. Default 64. */
  readonly maxWaiting?: number;
  /** Connections at once. Default 256. */
  readonly maxConnections?: number;
  /** Logins of one address as one user that may fail before it must wait. Default 10. */
  readonly maxFailedLogins?: number;
  /** Time after which one more may fail. Default six seconds. */
  readonly failedLoginRefillMs?: number;
}

export interface SqlPortOptions {
  /** The engine of an embedded store. */
  readonly engine: Engine;
  readonly at: HostPort;
  /** Name of the setting that says where, for its Fault. */
  readonly setting?: string;
  readonly users: readonly SqlUser[];
  /** Named keys and tokens, and the witness of what persons ask; without it there are only the users. */
  readonly access?: SqlAccess;
  readonly limits: SqlPortLimits;
  readonly logger: Logger;
}

/** What has passed the interface since it was made. */
export interface SqlPortFigures {
  readonly requests: number;
  /** Answered with an error, refused logins among them. */
  readonly failed: number;
  readonly refusedLogins: number;
  /** Of the refused logins those of an address that had failed too often; their passwords were not looked at. */
  readonly limitedLogins: number;
  /** Left by their clients before the answer was sent. */
  readonly abandoned: number;
  /** From the head of a request to the end of its answer, over all that have ended. */
  readonly seconds: number;
  /** Rows and bytes of the answers to statements, before they were packed. */
  readonly answeredRows: number;
  readonly answeredBytes: number;
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

const KILL_AGAIN_MS = 500;

interface Watched extends Running {
  /** Has a statement ended when its client goes away; an INSERT with a body runs to its end. */
  ended(answer: Promise<Answer>): Promise<Answer>;
}

/** A statement that was received. */
interface Run {
  answer(): Promise<Answer>;
  /** Forgets what was received, however it went. */
  end?(): Promise<void>;
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
  readonly #figures = {
    requests: 0,
    failed: 0,
    refusedLogins: 0,
    limitedLogins: 0,
    abandoned: 0,
    seconds: 0,
    answeredRows: 0,
    answeredBytes: 0,
  };

  constructor(options: SqlPortOptions) {
    this.#options = options;
    this.#limits = {
      maxStatementBytes: 1_048_576,
      maxBodyBytes: 1_073_741_824,
      maxOwnExecutionS: 3_600,
      maxReceiveMs: 300_000,
      maxSendMs: 300_000,
      maxRunning: 4,
      maxWaiting: 64,
      maxConnections: 256,
      maxFailedLogins: 10,
      failedLoginRefillMs: 6_000,
      ...options.limits,
    };
    const { maxFailedLogins: maxFailed, failedLoginRefillMs: refillMs } = this.#limits;
    this.#accounts = new Accounts(options.users, new LoginLimit({ maxFailed, refillMs }), options.access);
    this.#seats = new Seats(this.#limits);
    this.#server = createServer(
      { requestTimeout: this.#limits.maxReceiveMs, headersTimeout: Math.min(60_000, this.#limits.maxReceiveMs) },
      (request, response) => {
        const startedAt = performance.now();
        const answering = this.#answer(request, response).finally(() => {
          this.#figures.seconds += (performance.now() - startedAt) / 1_000;
          this.#answering.delete(answering);
        });
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
      const url = urlOf(request);
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
      await this.#fail(request, response, error);
    }
  }

  async #fail(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    const exception = exceptionOf(error);
    // Whoever went away is counted as that.
    if (!response.destroyed) this.#figures.failed += 1;
    if (exception.code === 516) this.#figures.refusedLogins += 1;
    if (exception instanceof TooManyLogins) {
      this.#figures.limitedLogins += 1;
      response.setHeader("Retry-After", exception.retryAfterS);
    }
    if (exception.code === 1002) this.#options.logger.warn({ err: error }, "a request of the SQL interface failed");
    if (response.headersSent || response.destroyed) return void response.destroy();
    // A client that is still sending reads no answer yet, and one cut off by a reset never does.
    if (!request.complete && !(await drained(request))) response.setHeader("Connection", "close");
    response.setHeader("X-ClickHouse-Exception-Code", String(exception.code));
    send(response, exception instanceof TooManyLogins ? 429 : statusOf(exception), exception.line);
  }

  async #answerStatement(
    request: IncomingMessage,
    response: ServerResponse,
    parameters: URLSearchParams,
  ): Promise<void> {
    response.setHeader("X-ClickHouse-Server-Display-Name", this.#displayName);
    const account = await this.#accounts.admit(request, parameters);
    const asked = readRequest(request, parameters);
    response.setHeader("X-ClickHouse-Query-Id", asked.queryId);
    const running = this.#watch(response);
    const run =
      account.rights === "read"
        ? await this.#readersStatement(request, asked, { running, account })
        : await this.#ownersStatement(request, asked, running);
    // The seat is kept until the answer is sent: so many answers are in memory, no more.
    try {
      await this.#seats.take(async () => this.#send(request, response, asked, await run.answer()));
    } finally {
      await run.end?.();
    }
  }

  /** Watches for the client that goes away: its statement is ended. */
  #watch(response: ServerResponse): Watched {
    const tag = randomUUID();
    let gone = false;
    let runs = false;
    const { engine, logger } = this.#options;
    response.once("close", () => {
      gone = !response.writableFinished;
      if (!gone) return;
      this.#figures.abandoned += 1;
      void end();
    });
    // A statement that is only about to start is not found yet, so it is looked for until it has ended.
    const end = async () => {
      while (runs) {
        await engine.kill(tag).catch((err: unknown) => logger.warn({ err }, "a statement could not be ended"));
        await sleep(KILL_AGAIN_MS);
      }
    };
    return {
      tag,
      abandoned: () => gone,
      ended: async (answer) => {
        runs = true;
        return answer.finally(() => {
          runs = false;
        });
      },
    };
  }

  /** Receives a reader's statement. */
  async #readersStatement(
    request: IncomingMessage,
    asked: SqlRequest,
    { running, account }: { running: Watched; account: Admitted },
  ): Promise<Run> {
    const { engine } = this.#options;
    if (engineEncoding(request)) {
      throw new SqlException(
        48,
        "NOT_IMPLEMENTED",
        "Content-Encoding: a reader's statement comes as zstd, gzip, br or deflate.",
      );
    }
    const statement = statementOf(asked, await textOf(unpackedBody(request, this.#limits.maxStatementBytes)));
    const reading = { limits: this.#limits, sight: account.sight };
    const address = request.socket.remoteAddress ?? "";
    return {
      answer: () =>
        this.#witnessed({ account, address, statement }, running, () =>
          running.ended(runReaders(engine, asked, statement, reading, running)),
        ),
    };
  }

  /** Runs a person's statement between the two entries of the audit log. */
  async #witnessed(begun: BegunStatement, running: Watched, run: () => Promise<Answer>): Promise<Answer> {
    const { access } = this.#options;
    if (!access) return run();
    const ended = await access.begins(begun);
    const startedAtMs = performance.now();
    const sha256 = createHash("sha256").update(begun.statement).digest("hex");
    const tell = (outcome: string, rows: number | null) =>
      ended({ outcome, sha256, rows, durationMs: performance.now() - startedAtMs });
    try {
      const answer = await run();
      await tell("done", answer.rows);
      return answer;
    } catch (error) {
      await tell(running.abandoned() ? "abandoned" : exceptionOf(error).type, null);
      throw error;
    }
  }

  /** Receives what a user who may do everything sends; the rows of an INSERT into a file. */
  async #ownersStatement(request: IncomingMessage, asked: SqlRequest, running: Watched): Promise<Run> {
    const { engine } = this.#options;
    const { maxOwnExecutionS } = this.#limits;
    const body = this.#ownersBody(request);
    const given = asked.isGet ? null : bodyInsertOf(asked.query);
    const { insert, rest } = given || asked.query !== "" ? { insert: given, rest: body } : await splitBody(body);
    if (insert) {
      const received = await engine.files.receive(rest);
      return {
        answer: () => runInsert(engine, asked, insert, received, maxOwnExecutionS, running),
        end: () => engine.files.remove(received),
      };
    }
    const statement = statementOf(asked, await textOf(rest));
    return { answer: () => running.ended(runOwners(engine, asked, statement, maxOwnExecutionS, running)) };
  }

  /** The bytes of a body, unpacked by the engine where that is needed. */
  async *#ownersBody(request: IncomingMessage): AsyncGenerator<Uint8Array> {
    const { engine } = this.#options;
    const { maxBodyBytes } = this.#limits;
    const body = unpackedBody(request, maxBodyBytes);
    const encoding = engineEncoding(request);
    if (!encoding) return yield* body;
    const packed = await engine.files.receive(body);
    try {
      yield await unpackedByEngine(engine, packed, encoding, maxBodyBytes);
    } finally {
      await engine.files.remove(packed);
    }
  }

  async #send(request: IncomingMessage, response: ServerResponse, asked: SqlRequest, answer: Answer): Promise<void> {
    this.#figures.answeredRows += answer.rows;
    this.#figures.answeredBytes += answer.bytes.length;
    const encoding = asked.compress ? chosenEncoding(request) : null;
    const framed = asked.blocks ? await blockStream(answer.bytes) : answer.bytes;
    const bytes = encoding ? await packed(framed, encoding) : framed;
    if (encoding) response.setHeader("Content-Encoding", encoding);
    if (asked.compress) response.setHeader("Vary", "Accept-Encoding");
    response.setHeader("Content-Type", mediaTypeOf(answer.format));
    response.setHeader("X-ClickHouse-Format", answer.format);
    response.setHeader("X-ClickHouse-Timezone", answer.timezone);
    response.setHeader("X-ClickHouse-Summary", summaryOf(answer));
    response.setHeader("Content-Length", bytes.length);
    const slow = setTimeout(() => response.destroy(), this.#limits.maxSendMs);
    await new Promise<void>((resolve) => {
      if (response.destroyed) return resolve();
      response.once("close", resolve);
      response.end(bytes);
    });
    clearTimeout(slow);
  }
}

/** Bytes of a refused request that are read and thrown away. */
const DRAINED_MAX_BYTES = 67_108_864;

/** Reads what is left of a request; false where that is too much or never ends. */
async function drained(request: IncomingMessage): Promise<boolean> {
  request.unpipe();
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > DRAINED_MAX_BYTES) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function urlOf(request: IncomingMessage): URL {
  const text = `http://localhost${request.url ?? "/"}`;
  if (!URL.canParse(text)) throw new SqlException(36, "BAD_ARGUMENTS", "The address of the request is not a URL.");
  return new URL(text);
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
  // The engine reads a statement as text that ends at the first NUL: what is behind it would be lost.
  if (statement.includes("\0")) {
    throw new SqlException(62, "SYNTAX_ERROR", "A NUL character is not allowed; within a string it is written \\0.");
  }
  if (statement.trim() === "") throw new SqlException(62, "SYNTAX_ERROR", "Empty query.");
  return statement;
}

/** What the embedded engine tells of a statement; it counts no rows that were read or written. */
function summaryOf({ rows, bytes, elapsedS }: Answer): string {
  return JSON.stringify({
    result_rows: String(rows),
    result_bytes: String(bytes.length),
    elapsed_ns: String(Math.max(0, Math.round(elapsedS * 1e9))),
  });
}
