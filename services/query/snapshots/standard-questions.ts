import { type Catalogue, monthBegin, monthNumber } from "@v6meter/indicators";
import { api, type Indicator, type IndicatorGrouping } from "@v6meter/schemas";
import { namedQuestion } from "./question.ts";

/** A question of every month. */
export interface StandardQuestion {
  /** Canonical path. */
  readonly path: string;
  /** Whether a later answer that differs is a restatement; what is not of the month alone differs each day. */
  readonly restated: boolean;
}

/** How many months a trend has: a year, and the month it is compared with. */
const TREND_MONTHS = 13;

const PAIRS = [
  ["region", "operator"],
  ["operator", "access"],
  ["region", "access"],
] as const;

/** Nothing, each grouping alone, and the pairs of them that reports show. */
function groupings(allowed: readonly string[]): string[] {
  const pairs = PAIRS.filter((pair) => pair.every((name) => allowed.includes(name)));
  return ["", ...allowed, ...pairs.map((pair) => pair.join(","))];
}

const METERS = ["assigned", "dual-stack", "private-ipv4", "preference", "retention"] as const;

/** Routes whose answers snapshots keep. */
export const FROZEN_ROUTES: readonly string[] = [
  "/api/v1/indicators",
  "/api/v1/indicators/:id",
  "/api/v1/traffic/share",
  "/api/v1/traffic/interconnect",
  "/api/v1/objects",
  "/api/v1/objects/traffic",
  "/api/v1/targets",
  "/api/v1/evaluations",
  "/api/v1/exporters",
  "/api/v1/ledger",
  "/api/v1/users/active",
  "/api/v1/users/home-routers",
  ...METERS.map((meter) => `/api/v1/users/${meter}`),
];

/**
 * The standard questions of a month, derived from the catalogue: an indicator that is new in it is asked for
 * without a line here.
 */
export function standardQuestions(
  { indicators, scoring }: Pick<Catalogue, "indicators" | "scoring">,
  month: string,
): StandardQuestion[] {
  const number = monthNumber(Date.parse(`${month}-01T00:00:00+08:00`));
  const trend = new URLSearchParams({
    from: api.instantText(monthBegin(number + 1 - TREND_MONTHS)),
    to: api.instantText(monthBegin(number + 1)),
    interval: "1mo",
  });
  const ofMonth = (route: string, parameters: Record<string, string> = {}) =>
    `${route}?${new URLSearchParams({ month, ...parameters })}`;
  const grouped = (route: string, allowed: readonly string[]) =>
    groupings(allowed).map((by) => ofMonth(route, by === "" ? {} : { by }));

  const ofIndicator = ({ id, by, series }: Indicator) => {
    const route = `/api/v1/indicators/${id}`;
    const days = series === undefined ? [ofMonth(route, { interval: "1d" })] : [];
    return [...grouped(route, by satisfies readonly IndicatorGrouping[]), ...days, `${route}?${trend}`];
  };
  const restated = [
    ...[...indicators.values()].flatMap(ofIndicator),
    ...grouped("/api/v1/traffic/share", api.SHARE_DIMENSIONS),
    ofMonth("/api/v1/traffic/share", { interval: "1d" }),
    ofMonth("/api/v1/traffic/interconnect"),
    ofMonth("/api/v1/objects/traffic"),
    ...api.OBJECT_GROUPINGS.map((by) => ofMonth("/api/v1/objects/traffic", { by })),
    ...[...scoring.keys()].map((rule) => ofMonth("/api/v1/evaluations", { rule })),
    ...grouped("/api/v1/users/active", api.ACTIVE_DIMENSIONS),
    ofMonth("/api/v1/users/active", { by: api.USER_DIMENSIONS.join(",") }),
    ...METERS.flatMap((meter) => grouped(`/api/v1/users/${meter}`, api.USER_DIMENSIONS)),
    ...grouped("/api/v1/users/home-routers", ["region", "operator"]),
    ofMonth("/api/v1/ledger"),
  ];
  // What is true as the snapshot is taken and names no month.
  const standing = ["indicators", "objects", "targets", "evaluations", "exporters"].map((it) => `/api/v1/${it}`);
  const named = (paths: readonly string[], isRestated: boolean) =>
    paths.map((path) => ({ path: namedQuestion(path).path, restated: isRestated }));
  return [...named(restated, true), ...named(standing, false)];
}

/** Of the standard questions of a month those that tell soonest that late data came. */
export function checkQuestions(month: string): string[] {
  return [
    `/api/v1/traffic/share?by=operator&month=${month}`,
    `/api/v1/users/active?by=operator&month=${month}`,
    `/api/v1/users/assigned?by=operator&month=${month}`,
  ];
}
