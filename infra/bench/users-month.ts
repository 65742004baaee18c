import type { openEmbeddedStore } from "@v6meter/store";

type Engine = Awaited<ReturnType<typeof openEmbeddedStore>>["engine"];

/** The month the users of a benchmark were active in. */
export const USERS_MONTH = "2026-09";
const CITIES = 14;
const PREFIXES_A_USER = 4;
/** Prefixes of one insert, so that filling takes little memory. */
const FILL_ROWS = 20_000_000;

/** States as the views write them, of users dealt out over cities, operators and access types; numbers of ours only. */
const fill = (seed: number, from: number, rows: number) => `INSERT INTO users_1mo
SELECT toDate('${USERS_MONTH}-01') AS starts_on,
  toString(210100 + 100 * (u % ${CITIES})) AS region,
  ['telecom', 'unicom', 'mobile', 'broadnet'][1 + intDiv(u, ${CITIES}) % 4] AS operator,
  ['mobile', 'fixed', 'iot'][1 + intDiv(u, ${CITIES * 4}) % 3] AS access,
  6 AS active_family,
  uniqCombined64State(17)(cityHash64(u, ${seed})) AS subscribers,
  uniqCombined64State(14)(cityHash64(number, ${seed}, 1)) AS prefixes,
  uniqCombined64State(14)(cityHash64(number, ${seed}, 1)) AS session_prefixes
FROM (SELECT number, intDiv(number, ${PREFIXES_A_USER}) AS u FROM numbers(${from}, ${rows}))
GROUP BY region, operator, access`;

/** Fills users_1mo with a month of so many users in 14 cities, 4 operators and 3 kinds of access. */
export async function fillUsersMonth(
  engine: Engine,
  users: number,
  seed: number,
  onProgress: (users: number) => void = () => {},
): Promise<void> {
  const all = users * PREFIXES_A_USER;
  for (let from = 0; from < all; from += FILL_ROWS) {
    onProgress(Math.round(from / PREFIXES_A_USER));
    await engine.write((session) => session.queryAsync(fill(seed, from, Math.min(FILL_ROWS, all - from))));
  }
}
