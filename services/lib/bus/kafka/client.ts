import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Fault, type KafkaConfig } from "@v6meter/schemas";
import kafkajs, { type Kafka, type LogEntry, type SASLOptions } from "kafkajs";
import type { FoldedValues } from "./folded-record.ts";
import { foldedSockets } from "./produce-request.ts";
import { registerZstd } from "./zstd.ts";

/** Where kafkajs's own lines go, at debug: what matters of them comes back as a Fault. Losses are warned of. */
export interface KafkaLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

function secret(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `bus.kafka.${setting}: ${path} cannot be read (${(cause as Error).message}).`, {
      cause,
    });
  }
}

function tlsOptions(config: KafkaConfig): ConnectionOptions | undefined {
  if (!config.tls) return undefined;
  const { tls_ca_file, tls_cert_file, tls_key_file } = config;
  return {
    ...(tls_ca_file && { ca: secret("tls_ca_file", tls_ca_file) }),
    ...(tls_cert_file && { cert: secret("tls_cert_file", tls_cert_file) }),
    ...(tls_key_file && { key: secret("tls_key_file", tls_key_file) }),
  };
}

function saslOptions(config: KafkaConfig): SASLOptions | undefined {
  const { sasl_mechanism: mechanism, sasl_username: username, sasl_password_file: file } = config;
  if (mechanism === "none") return undefined;
  if (file === null) {
    throw new Fault("CONFIG_INVALID", `bus.kafka.sasl_password_file: none is set; ${mechanism} needs a password.`);
  }
  return { mechanism, username, password: secret("sasl_password_file", file).trim() } as SASLOptions;
}

let quiet = false;

/**
 * kafkajs's queue of requests asks for a timer in the past at times, and Node warns of it: harmless, and
 * nothing a user can act on. Every other warning is shown as ever.
 */
function silenceNegativeTimers(): void {
  if (quiet) return;
  quiet = true;
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const type = typeof rest[0] === "string" ? rest[0] : (rest[0] as { type?: string } | undefined)?.type;
    if (type === "TimeoutNegativeWarning") return;
    emitWarning(warning as string, ...(rest as []));
  }) as typeof process.emitWarning;
}

/**
 * A client of the brokers the settings name, which sends `values` for their tokens. Throws CONFIG_INVALID for a file that
 * cannot be read.
 */
export function createClient(config: KafkaConfig, values: FoldedValues, logTo: KafkaLog | null): Kafka {
  registerZstd();
  silenceNegativeTimers();
  const ssl = tlsOptions(config);
  const sasl = saslOptions(config);
  return new kafkajs.Kafka({
    clientId: "v6meter",
    socketFactory: foldedSockets(values),
    brokers: config.brokers,
    ...(ssl && { ssl }),
    ...(sasl && { sasl }),
    connectionTimeout: Math.min(config.request_timeout_ms, 10_000),
    requestTimeout: config.request_timeout_ms,
    retry: { retries: 4, initialRetryTime: 200, maxRetryTime: 2_000 },
    logLevel: logTo ? kafkajs.logLevel.WARN : kafkajs.logLevel.NOTHING,
    logCreator:
      () =>
      ({ log, namespace }: LogEntry) =>
        logTo?.debug({ namespace, ...log }, log.message),
  });
}
