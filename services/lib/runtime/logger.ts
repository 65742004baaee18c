import type { Config } from "@v6meter/schemas";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

export type { Logger } from "pino";

/**
 * The log of a process, on standard error: one line of JSON each, or short lines for people where
 * standard error is a terminal. Keys and bearer tokens are cut out wherever they are named so.
 */
export function createLogger(level: Config["log_level"], name: string): Logger {
  const options = { name, level, redact: ["key", "adminKey", "*.key", "*.adminKey", "req.headers.authorization"] };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" }));
}
