import { FIELD_NAMES, SESSION_FIELD_NAMES } from "@v6meter/schemas";
import type { Insert } from "./port.ts";

/** Columns of each table an insert must bring, in the table's order. */
export const INSERT_COLUMNS: Record<Insert["table"], readonly string[]> = {
  flows: FIELD_NAMES,
  sessions: SESSION_FIELD_NAMES,
  ledger: ["at", "exporter", "stage", "outcome", "reason", "count"],
  exporters: [
    "exporter",
    "version",
    "observation_domain",
    "source_port",
    "first_seen_at",
    "last_seen_at",
    "templates",
    "options_templates",
    "sampling",
    "sampling_source",
    "clock_offset_ms",
    "clock_off",
    "interfaces",
    "name",
  ],
  submissions: [
    "series",
    "month",
    "unit",
    "change",
    "event",
    "version",
    "state",
    "at",
    "actor",
    "role",
    "rows",
    "messages",
    "errors",
    "warnings",
    "confirmed",
    "reason",
  ],
};
