import { readFileSync } from "node:fs";
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from "@clickhouse/client";
import { Fault, type StoreConfig } from "@v6meter/schemas";
import { engineFault, isEngineError } from "../engine-fault.ts";

/** Who is asked for what, in which database; its clients share nothing but these. */
export interface Connection {
  /** For people: address and port, without credentials. */
  readonly origin: string;
  client(options: ClientOptions): ClickHouseClient;
  /** The server's error as a fault; one of a wrong login names the settings. */
  faultOf(what: string, error: unknown): Fault;
}

export interface ClientOptions {
  readonly database: string;
  readonly settings: ClickHouseSettings;
  readonly connections: number;
}

/** REQUIRED_PASSWORD, UNKNOWN_USER, WRONG_PASSWORD and AUTHENTICATION_FAILED. */
const LOGIN_CODES: ReadonlySet<string> = new Set(["192", "193", "194", "516"]);

/** Errors of a connection that the server closed between two statements. */
const RESET_CODES: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

/** Runs what only reads, and runs it again where its connection was reset. */
export async function onceMore<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const cause = error instanceof Fault ? error.cause : error;
    if (!(cause instanceof Error && "code" in cause && RESET_CODES.has(cause.code))) throw error;
    return read();
  }
}

/** Node's codes of a certificate: UNABLE_TO_VERIFY_LEAF_SIGNATURE, CERT_HAS_EXPIRED, ERR_TLS_CERT_ALTNAME_INVALID and so on. */
function isUntrusted(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /CERT|LEAF_SIGNATURE/.test(String(error.code));
}

function secret(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `store.${setting}: ${path} cannot be read (${(cause as Error).message}).`, {
      cause,
    });
  }
}

/** Reads the settings of a server and their secrets. Throws CONFIG_INVALID; nothing is connected yet. */
export function connectionOf(config: StoreConfig, password?: string): Connection {
  if (config.url === null) {
    throw new Fault("CONFIG_INVALID", "store.url: none is set; allowed is the URL of ClickHouse's HTTP interface.");
  }
  const url = new URL(config.url);
  const { password_file, tls_ca_file } = config;
  const inFile = password_file ? secret("password_file", password_file).toString().trimEnd() : undefined;
  const login = {
    username: decodeURIComponent(url.username) || config.username,
    password: password ?? inFile ?? decodeURIComponent(url.password),
  };
  const tls = tls_ca_file && url.protocol === "https:" ? { tls: { ca_cert: secret("tls_ca_file", tls_ca_file) } } : {};
  return {
    origin: url.origin,
    client: ({ database, settings, connections }) =>
      createClient({
        url: url.origin,
        ...(url.pathname === "/" ? {} : { pathname: url.pathname }),
        ...login,
        ...tls,
        database,
        application: "v6meter",
        request_timeout: config.request_timeout_ms,
        max_open_connections: connections,
        // A server closes a connection that was idle too long: ours are closed before any does.
        keep_alive: { enabled: true, idle_socket_ttl: 2_000, eagerly_destroy_stale_sockets: true },
        clickhouse_settings: settings,
        // Errors are thrown as faults and logged by whoever catches them.
        log: { level: ClickHouseLogLevel.OFF },
      }),
    faultOf: (what, error) => {
      if (isUntrusted(error)) {
        const reason = `store.tls_ca_file: the certificate of ${url.origin} is not trusted (${error.message}); set the file of the authority that signed it.`;
        return new Fault("STORE_UNREACHABLE", reason, { cause: error });
      }
      if (!isEngineError(error) || !LOGIN_CODES.has(error.code)) return engineFault(what, error);
      const given = login.password === "" ? "without a password" : "with the password given";
      return new Fault(
        "STORE_REFUSED",
        `store.username: ${url.origin} does not admit the user ${login.username} ${given}; set a user it knows and store.password_file.`,
        { cause: error },
      );
    },
  };
}
