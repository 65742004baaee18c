import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SqlException } from "./exception.ts";

/** A request taken apart: what is not one of these parameters is a setting of the statement. */
export interface SqlRequest {
  /** The statement, or its beginning where the body goes on. */
  readonly query: string;
  readonly queryId: string;
  readonly database: string | null;
  readonly format: string;
  /** Values of `{name:Type}` in the statement, by name. */
  readonly bound: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  /** Whether HTTP's compression is asked for. */
  readonly compress: boolean;
  /** Whether ClickHouse's own compressed blocks are asked for. */
  readonly blocks: boolean;
  readonly isGet: boolean;
}

/** Parameters that are heeded elsewhere, or that only say how a server keeps sessions or sends an answer. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  "query",
  "query_id",
  "compress",
  "decompress",
  "database",
  "default_format",
  "user",
  "password",
  "enable_http_compression",
  "http_zlib_compression_level",
  "wait_end_of_query",
  "buffer_size",
  "http_response_buffer_size",
  "send_progress_in_http_headers",
  "http_headers_progress_interval_ms",
  "cancel_http_readonly_queries_on_client_close",
  "http_write_exception_in_output_format",
  "session_id",
  "session_timeout",
  "session_check",
  "client_protocol_version",
  "quota_key",
  "stacktrace",
  "close_session",
  "add_http_cors_header",
  "http_native_compression_disable_checksumming_on_decompress",
]);

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const QUERY_ID = /^[\x20-\x7e]{1,128}$/;

/** Reads address and headers of a request. Throws where a parameter is not understood. */
export function readRequest(request: IncomingMessage, parameters: URLSearchParams): SqlRequest {
  if (parameters.get("decompress") === "1") {
    throw new SqlException(48, "NOT_IMPLEMENTED", "decompress=1 is not supported: say Content-Encoding instead.");
  }
  const bound: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (NOT_SETTINGS.has(name)) continue;
    if (!NAME.test(name)) throw new SqlException(115, "UNKNOWN_SETTING", `${JSON.stringify(name)} is not a setting.`);
    if (name.startsWith("param_")) bound[name] = value;
    else settings[name] = value;
  }
  const given = parameters.get("query_id") ?? "";
  if (given !== "" && !QUERY_ID.test(given)) {
    throw new SqlException(36, "BAD_ARGUMENTS", "query_id: at most 128 printable ASCII characters are allowed.");
  }
  const { headers } = request;
  return {
    query: parameters.get("query") ?? "",
    queryId: given || randomUUID(),
    database: (headers["x-clickhouse-database"] as string | undefined) ?? parameters.get("database"),
    format:
      (headers["x-clickhouse-format"] as string | undefined) ?? parameters.get("default_format") ?? "TabSeparated",
    bound,
    settings,
    compress: parameters.get("enable_http_compression") === "1",
    blocks: parameters.get("compress") === "1",
    isGet: request.method === "GET",
  };
}
