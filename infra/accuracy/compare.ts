import type { PopulationUsers } from "@v6meter/exporter";
import type { AaaCoverage } from "@v6meter/schemas";
import type { Measured } from "./province.ts";

/** A figure of users beside the truth. */
export interface UsersCheck {
  /** What it is of, such as `mobile` or `telecom/fixed`. */
  readonly what: string;
  readonly truth: number;
  readonly users: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly method: string;
  readonly coverage: number | null;
  /** (users - truth) / truth; null without a figure. */
  readonly error_ratio: number | null;
  /** Whether low <= truth <= high. */
  readonly holds: boolean;
  /** What the error must stay within; null where nothing is promised. */
  readonly promised_ratio: number | null;
}

/** A traffic share beside the truth. */
export interface ShareCheck {
  readonly what: string;
  readonly truth: number;
  readonly share: number | null;
  /** In percentage points. */
  readonly error_pp: number | null;
}

/** Distinct /64 beside the users they are taken for. */
export interface NaiveCheck {
  readonly access: string;
  readonly prefixes: number;
  readonly times_truth: number;
}

export interface Verdict {
  readonly users: readonly UsersCheck[];
  readonly cells: readonly UsersCheck[];
  readonly shares: readonly ShareCheck[];
  readonly naive: readonly NaiveCheck[];
  /** Sentences; empty where every promise held. */
  readonly broken: readonly string[];
}

/** What is promised of the error: with AAA everywhere, and in half of the cities; for mobile and fixed access. */
const PROMISED_RATIO: Readonly<Record<AaaCoverage, number | null>> = { all: 0.01, half: 0.1, none: null };
const PROMISED_ACCESS = ["mobile", "fixed"];
/** The error of the province's share that is promised, in percentage points. */
export const PROMISED_SHARE_PP = 0.1;

const sumBy = (users: readonly PopulationUsers[], keyOf: (row: PopulationUsers) => string) => {
  const sums = new Map<string, number>();
  for (const row of users) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + row.active_v6);
  return sums;
};

interface Figure {
  readonly users: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly method: string;
  readonly coverage: number | null;
}

function check(what: string, truth: number, figure: Figure | undefined, promised: number | null): UsersCheck {
  const { users = null, low = null, high = null, method = "missing", coverage = null } = figure ?? {};
  return {
    what,
    truth,
    users,
    low,
    high,
    method,
    coverage,
    error_ratio: users === null || truth === 0 ? null : (users - truth) / truth,
    holds: low !== null && high !== null && low <= truth && truth <= high,
    promised_ratio: promised,
  };
}

/** Holds what the platform says of a month against what was really so. */
export function compare({ truth, active, share, naive }: Measured, aaa: AaaCoverage): Verdict {
  const month = truth.users.filter(({ period }) => period === "month");
  const byAccess = sumBy(month, ({ access }) => access);
  const byNetwork = sumBy(month, ({ operator, access }) => `${operator}/${access}`);
  const byCell = sumBy(month, ({ region, operator, access }) => `${region}/${operator}/${access}`);
  const promised = (access: string) => (PROMISED_ACCESS.includes(access) ? PROMISED_RATIO[aaa] : null);

  const users = [
    ...[...byAccess].map(([access, value]) =>
      check(
        access,
        value,
        active.province.rows.find((row) => row.access === access),
        promised(access),
      ),
    ),
    ...[...byNetwork].map(([key, value]) =>
      check(
        key,
        value,
        active.networks.rows.find((row) => `${row.operator}/${row.access}` === key),
        null,
      ),
    ),
  ];
  const cells = [...byCell].map(([key, value]) =>
    check(
      key,
      value,
      active.cells.rows.find((row) => `${row.region}/${row.operator}/${row.access}` === key),
      null,
    ),
  );
  const shares = shareChecks(month, share);
  const broken = [
    ...users
      .filter(
        ({ promised_ratio, error_ratio }) => promised_ratio !== null && !(Math.abs(error_ratio ?? 1) <= promised_ratio),
      )
      .map(
        (it) =>
          `${it.what}: ${it.users} users for ${it.truth}, promised is an error of ${(it.promised_ratio ?? 0) * 100} %`,
      ),
    ...shares
      .slice(0, 1)
      .filter(({ error_pp }) => !(Math.abs(error_pp ?? 100) <= PROMISED_SHARE_PP))
      .map((it) => `traffic share: ${it.share} for ${it.truth}, promised are ${PROMISED_SHARE_PP} percentage points`),
  ];
  return {
    users,
    cells,
    shares,
    naive: [...naive]
      .filter(([access]) => byAccess.has(access))
      .map(([access, prefixes]) => ({ access, prefixes, times_truth: prefixes / (byAccess.get(access) ?? 1) })),
    broken,
  };
}

/** The province's share first, then each access network's. */
function shareChecks(month: readonly PopulationUsers[], share: Measured["share"]): ShareCheck[] {
  const truthOf = (rows: readonly PopulationUsers[]) => {
    const v6 = rows.reduce((sum, { bytes }) => sum + bytes.v6_native + bytes.v6_transition, 0);
    return v6 / (v6 + rows.reduce((sum, { bytes }) => sum + bytes.v4, 0));
  };
  const one = (what: string, truth: number, found: number | null): ShareCheck => ({
    what,
    truth,
    share: found,
    error_pp: found === null ? null : (found - truth) * 100,
  });
  const accesses = [...new Set(month.map(({ access }) => access))];
  return [
    one("province", truthOf(month), share.total.share),
    ...accesses.map((access) => {
      const rows = share.rows.filter((row) => row.access === access);
      const v6 = rows.reduce((sum, row) => sum + Number(row.v6_bytes), 0);
      const total = rows.reduce((sum, row) => sum + Number(row.total_bytes), 0);
      return one(access, truthOf(month.filter((row) => row.access === access)), total === 0 ? null : v6 / total);
    }),
  ];
}
