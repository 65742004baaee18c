import type { UnseenShare } from "./chao1.ts";
import { EXACT_UP_TO, STATE_DEVIATION } from "./state-error.ts";
import { studentT995, Z_995 } from "./student.ts";

/** What was counted of a group of traffic. */
export interface Sums {
  /** Distinct active subscribers told by a session. */
  readonly sessionUsers: number;
  /** Distinct active prefixes. */
  readonly activePrefixes: number;
  /** Those of them that were seen with a session. */
  readonly sessionPrefixes: number;
}

/** The smallest group: one operator's access network of one family in one region. */
export interface Cell extends Sums {
  readonly region: string;
  readonly operator: string;
  readonly access: string;
  /** 4 or 6; 0 for both together. */
  readonly family: number;
  /** Where packet sampling is known to miss users that send little, and enough were seen to tell; null otherwise. */
  readonly unseen: UnseenShare | null;
  /** Where `unseen` is null: what packet sampling may have missed at most, as a multiple of the session users. */
  readonly missed?: number;
}

/**
 * How the users of a figure were told, best first.
 *
 * - `aaa`: by sessions, which cover at least 98 % of the active prefixes.
 * - `ratio`: beyond the sessions by active prefixes times the users a prefix has where sessions cover them.
 * - `partial`: a part of the group has no users figure; the others' users are a lower bound.
 * - `prefixes`: no users figure, active prefixes only.
 */
export type LadderMethod = "aaa" | "ratio" | "partial" | "prefixes";

/** A figure of users: what is published of a group. */
export interface UsersFigure {
  readonly method: LadderMethod;
  readonly users: number | null;
  /** Ends of an interval made to hold the truth in 99 of 100 cases; high is null where nothing bounds it. */
  readonly low: number | null;
  readonly high: number | null;
  /** Part of the active prefixes that was seen with a session; null without prefixes. */
  readonly coverage: number | null;
  readonly sessionUsers: number;
  /** Part of users that packet sampling missed, by Chao1. */
  readonly unseenUsers: number;
  readonly activePrefixes: number;
  /** Active prefixes for which there is no users figure. */
  readonly unestimatedPrefixes: number;
}

/** Users and the ends of their interval as they are published: whole numbers, the interval never narrower. */
export function wholeUsers({ users, low, high }: Pick<UsersFigure, "users" | "low" | "high">) {
  const to = (round: (value: number) => number, value: number | null) => (value === null ? null : round(value));
  return { users: to(Math.round, users), low: to(Math.floor, low), high: to(Math.ceil, high) };
}

/** How the users to a prefix differ between the covered cells of one operator's access network. */
interface Spread {
  /** Standard deviation of the logarithm of users to prefixes. */
  readonly deviation: number;
  readonly degrees: number;
  /** Cells the mean is taken over. */
  readonly cells: number;
}

interface Ratio {
  readonly network: string;
  readonly usersToPrefixes: number;
  /** Null: too few cells to tell, the wide rule holds. */
  readonly spread: Spread | null;
}

/** A cell with what was made of it. */
export interface CellEstimate {
  readonly cell: Cell;
  readonly method: "aaa" | "ratio" | "prefixes";
  /** Users beyond the sessions, by ratio. */
  readonly ratioUsers: number;
  readonly ratio: Ratio | null;
}

/** From this part of the prefixes on, sessions cover a cell. */
const COVERED = 0.98;
/** A cell from which no ratio is learned has fewer users than this. */
const MIN_RATIO_USERS = 30;
/** Where no cell is covered, one covered so far stands in, under the wide rule. */
const PARTLY_COVERED = 0.5;
/** Degrees of freedom below which a network's own spread is not trusted. */
const MIN_DEGREES = 2;
/** Without a spread: half to twice the value. */
const WIDE_FACTOR = 2;

/** Part of the active prefixes that was seen with a session; null without prefixes. */
export function coverageOf({ activePrefixes, sessionPrefixes }: Omit<Sums, "sessionUsers">): number | null {
  return activePrefixes === 0 ? null : Math.min(1, sessionPrefixes / activePrefixes);
}

const networkOf = ({ operator, access, family }: Cell) => [operator, access, family].join("\n");
const accessOf = ({ access, family }: Cell) => [access, family].join("\n");
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const squaredDeviations = (values: readonly number[]) => {
  const centre = mean(values);
  return total(values.map((value) => (value - centre) ** 2));
};
const logRatio = ({ sessionUsers, sessionPrefixes }: Cell) => Math.log(sessionUsers / sessionPrefixes);

function teaches(cell: Cell, leastCoverage: number): boolean {
  return cell.sessionUsers >= MIN_RATIO_USERS && (coverageOf(cell) ?? 0) >= leastCoverage;
}

/** Spread about each operator's own mean, over all operators of an access network. */
function pooledSpread(cells: readonly Cell[]): Omit<Spread, "cells"> | null {
  const networks = [...Map.groupBy(cells, networkOf).values()];
  const degrees = cells.length - networks.length;
  if (degrees < MIN_DEGREES) return null;
  const squares = total(networks.map((network) => squaredDeviations(network.map(logRatio))));
  return { deviation: Math.sqrt(squares / degrees), degrees };
}

/**
 * Users to a prefix of every network that has something to learn it from. The mean of the logarithms over its
 * covered cells; the spread between them where there are three and more, else that of the same access over
 * all operators, else none (the wide rule).
 */
function learnRatios(cells: readonly Cell[]): Map<string, Ratio> {
  const covered = cells.filter((cell) => teaches(cell, COVERED));
  const partly = Map.groupBy(
    cells.filter((cell) => teaches(cell, PARTLY_COVERED)),
    networkOf,
  );
  const coveredOf = Map.groupBy(covered, networkOf);
  const coveredOfAccess = Map.groupBy(covered, accessOf);
  const ratios = new Map<string, Ratio>();
  for (const [network, standIns] of partly) {
    const own = coveredOf.get(network);
    const logs = (own ?? standIns).map(logRatio);
    const usersToPrefixes = Math.exp(mean(logs));
    if (!own) {
      ratios.set(network, { network, usersToPrefixes, spread: null });
      continue;
    }
    const degrees = own.length - 1;
    const spread =
      degrees >= MIN_DEGREES
        ? { deviation: Math.sqrt(squaredDeviations(logs) / degrees), degrees }
        : pooledSpread(coveredOfAccess.get(accessOf(own[0] as Cell)) ?? []);
    ratios.set(network, { network, usersToPrefixes, spread: spread && { ...spread, cells: own.length } });
  }
  return ratios;
}

/** Puts every cell of the province on its rung of the ladder. */
export function estimateCells(cells: readonly Cell[]): CellEstimate[] {
  const ratios = learnRatios(cells);
  return cells.map((cell) => {
    const coverage = coverageOf(cell) ?? 1;
    if (coverage >= COVERED) return { cell, method: "aaa", ratioUsers: 0, ratio: null };
    const ratio = ratios.get(networkOf(cell));
    if (!ratio) return { cell, method: "prefixes", ratioUsers: 0, ratio: null };
    const rest = cell.activePrefixes - cell.sessionPrefixes;
    return { cell, method: "ratio", ratioUsers: rest * ratio.usersToPrefixes, ratio };
  });
}

function methodOf(methods: ReadonlySet<string>): LadderMethod {
  if (methods.size === 0) return "prefixes";
  if (methods.has("prefixes")) return methods.size === 1 ? "prefixes" : "partial";
  return methods.has("ratio") ? "ratio" : "aaa";
}

/**
 * Users by ratio and the interval of their sum. A cell departs from its network's mean by the spread, the
 * mean itself errs by spread / sqrt(cells) in all of them alike; a few users count as a Poisson number.
 * Degrees of freedom of several networks together are Welch and Satterthwaite's.
 */
function ratioSum(estimates: readonly CellEstimate[]): { users: number; low: number; high: number } {
  const told = estimates.flatMap(({ ratio, ratioUsers }) =>
    ratio?.spread && ratioUsers > 0 ? [{ network: ratio.network, spread: ratio.spread, ratioUsers }] : [],
  );
  const wide = total(estimates.filter(({ ratio }) => ratio && !ratio.spread).map(({ ratioUsers }) => ratioUsers));
  const networks = [...Map.groupBy(told, ({ network }) => network).values()].map((network) => {
    const { deviation, degrees, cells } = (network[0] as (typeof told)[number]).spread;
    const users = network.map(({ ratioUsers }) => ratioUsers);
    const squares = total(users.map((value) => value ** 2));
    return {
      users: total(users),
      degrees,
      variance: deviation ** 2 * (squares + total(users) ** 2 / cells) + total(users),
    };
  });
  const users = total(networks.map((network) => network.users));
  if (users === 0) return { users: wide, low: wide / WIDE_FACTOR, high: wide * WIDE_FACTOR };
  const variance = total(networks.map((network) => network.variance));
  const degrees = variance ** 2 / total(networks.map((network) => network.variance ** 2 / network.degrees));
  const factor = Math.exp((studentT995(Math.max(1, degrees)) * Math.sqrt(variance)) / users);
  return { users: users + wide, low: users / factor + wide / WIDE_FACTOR, high: users * factor + wide * WIDE_FACTOR };
}

/**
 * The figure of a group of cells. `sums` are those of the group, where a subscriber seen in several of its
 * cells counts once; what is estimated beyond the sessions is added from cell to cell.
 */
export function figureOf(sums: Sums, estimates: readonly CellEstimate[]): UsersFigure {
  const method = methodOf(new Set(estimates.map((estimate) => estimate.method)));
  const unestimatedPrefixes = total(
    estimates
      .filter((estimate) => estimate.method === "prefixes")
      .map(({ cell }) => cell.activePrefixes - cell.sessionPrefixes),
  );
  const common = {
    method,
    coverage: coverageOf(sums),
    sessionUsers: sums.sessionUsers,
    activePrefixes: sums.activePrefixes,
    unestimatedPrefixes,
  };
  if (method === "prefixes") return { ...common, users: null, low: null, high: null, unseenUsers: 0 };

  const byRatio = ratioSum(estimates);
  const unseen = estimates.map(({ cell }) => cell.sessionUsers * (cell.unseen?.share ?? 0));
  const unseenError = Math.hypot(...estimates.map(({ cell }) => cell.sessionUsers * (cell.unseen?.deviation ?? 0)));
  const gap = total(
    estimates
      .filter((estimate) => estimate.method === "aaa")
      .map(({ cell }) => cell.sessionUsers * (1 / (coverageOf(cell) ?? 1) - 1)),
  );
  const missed = total(estimates.map(({ cell }) => cell.sessionUsers * (cell.missed ?? 0)));
  const stateError = sums.sessionUsers > EXACT_UP_TO ? Z_995 * STATE_DEVIATION * sums.sessionUsers : 0;
  return {
    ...common,
    users: sums.sessionUsers + byRatio.users + total(unseen),
    low: sums.sessionUsers - stateError + byRatio.low,
    high:
      method === "partial"
        ? null
        : sums.sessionUsers + stateError + gap + missed + byRatio.high + total(unseen) + Z_995 * unseenError,
    unseenUsers: total(unseen),
  };
}
