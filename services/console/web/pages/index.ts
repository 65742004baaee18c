import type { Component } from "vue";

/** A page of the console: its address, and the routes of the API that have to answer the reader's role. */
export interface Page {
  readonly name: string;
  readonly needs: readonly string[];
  readonly load: () => Promise<{ default: Component }>;
}

/** The pages in the order of the navigation; their titles are the messages `pages.NAME`. */
export const PAGES: readonly Page[] = [
  { name: "overview", needs: ["GET /api/v1/traffic/share"], load: () => import("./overview.tsx") },
  { name: "traffic", needs: ["GET /api/v1/traffic/share"], load: () => import("./traffic.tsx") },
  { name: "users", needs: ["GET /api/v1/users/active"], load: () => import("./users.tsx") },
  {
    name: "indicators",
    needs: ["GET /api/v1/indicators", "GET /api/v1/indicators/:id"],
    load: () => import("./indicators.tsx"),
  },
  {
    name: "objects",
    needs: ["GET /api/v1/objects", "GET /api/v1/objects/traffic"],
    load: () => import("./objects.tsx"),
  },
  { name: "targets", needs: ["GET /api/v1/targets"], load: () => import("./targets.tsx") },
  { name: "evaluation", needs: ["GET /api/v1/evaluations"], load: () => import("./evaluation.tsx") },
  { name: "exporters", needs: ["GET /api/v1/ledger"], load: () => import("./exporters.tsx") },
  { name: "sql", needs: ["POST /api/v1/sql", "GET /api/v1/sql/catalogue"], load: () => import("./sql.tsx") },
  {
    name: "reports",
    needs: ["GET /api/v1/reports/monthly/:file", "GET /api/v1/snapshots"],
    load: () => import("./reports.tsx"),
  },
  { name: "data", needs: ["GET /api/v1/submissions", "GET /api/v1/indicators"], load: () => import("./data.tsx") },
  {
    name: "admin",
    needs: ["GET /api/v1/keys", "GET /api/v1/audit", "GET /api/v1/registry/state"],
    load: () => import("./admin.tsx"),
  },
];
