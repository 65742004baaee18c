import { api, type IndicatorGrouping } from "@v6meter/schemas";
import { type Month, monthsFrom } from "./month.ts";

/** How many months a trend shows: a year, and the month it is compared with. */
export const TREND_MONTHS = 13;

/** The questions a report asks, each as the one path that names it. */
export const questions = {
  indicators: () => "/api/v1/indicators",
  snapshots: (name: string) => api.canonicalPath("/api/v1/snapshots", { month: name }),
  differences: (id: string) => `/api/v1/snapshots/${id}/differences`,
  registry: () => "/api/v1/registry",
  indicator: (id: string, { name }: Month, by: readonly IndicatorGrouping[] = []) =>
    api.canonicalPath(`/api/v1/indicators/${id}`, { month: name, by }),
  days: (id: string, { name }: Month) => api.canonicalPath(`/api/v1/indicators/${id}`, { month: name, interval: "1d" }),
  trend: (id: string, month: Month) =>
    api.canonicalPath(`/api/v1/indicators/${id}`, {
      from: api.instantText(monthsFrom(month, 1 - TREND_MONTHS).fromMs),
      to: api.instantText(month.toMs),
      interval: "1mo",
    }),
  activeUsers: ({ name }: Month, by: readonly string[]) =>
    api.canonicalPath("/api/v1/users/active", { month: name, by }),
  usersMeter: (meter: string, { name }: Month) => api.canonicalPath(`/api/v1/users/${meter}`, { month: name }),
  interconnect: ({ name }: Month) => api.canonicalPath("/api/v1/traffic/interconnect", { month: name }),
  targets: () => "/api/v1/targets",
  rules: () => "/api/v1/evaluations",
  evaluation: (rule: string, { name }: Month) => api.canonicalPath("/api/v1/evaluations", { month: name, rule }),
  objects: () => "/api/v1/objects",
  objectTraffic: ({ name }: Month) => api.canonicalPath("/api/v1/objects/traffic", { month: name }),
  exporters: () => "/api/v1/exporters",
  books: ({ name }: Month) => api.canonicalPath("/api/v1/ledger", { month: name }),
} as const;
