import type { SubmissionEvent } from "@v6meter/schemas";
import { encodeTable } from "./table.ts";

/** Rows of the table `submissions` as an Arrow stream; lists are JSON. */
export function encodeSubmissions(events: readonly SubmissionEvent[]): Uint8Array {
  const texts = (name: "series" | "month" | "unit" | "event" | "state" | "actor" | "role" | "reason") =>
    ({ kind: "string", values: events.map((event) => event[name]) }) as const;
  const numbers = (name: "change" | "version" | "errors" | "warnings") =>
    ({ kind: "u32", values: events.map((event) => event[name]) }) as const;
  return encodeTable({
    series: texts("series"),
    month: texts("month"),
    unit: texts("unit"),
    change: numbers("change"),
    event: texts("event"),
    version: numbers("version"),
    state: texts("state"),
    at: { kind: "time", values: events.map(({ at_ms }) => at_ms) },
    actor: texts("actor"),
    role: texts("role"),
    rows: { kind: "string", values: events.map(({ rows }) => JSON.stringify(rows)) },
    messages: { kind: "string", values: events.map(({ messages }) => JSON.stringify(messages)) },
    errors: numbers("errors"),
    warnings: numbers("warnings"),
    confirmed: { kind: "bool", values: events.map(({ confirmed }) => confirmed) },
    reason: texts("reason"),
  });
}
