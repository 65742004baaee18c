import { monthBegin, monthNumber } from "@v6meter/indicators";
import { api, type QueryConfig } from "@v6meter/schemas";
import { type SnapshotRecord, versionsOf } from "./record.ts";
import type { AskLive, Taker } from "./take.ts";

export interface CalendarOptions {
  readonly record: SnapshotRecord;
  readonly taker: Taker;
  readonly ask: AskLive;
  readonly config: Pick<QueryConfig, "close_after_days" | "restate_check">;
  readonly now: () => number;
  /** The day on which this process last looked at a month for late data; kept by the caller from call to call. */
  readonly lookedAt: Map<string, string>;
}

const DAY_MS = 86_400_000;
/** Frozen months that are looked at for late data. */
const CHECKED_MONTHS = 13;

/**
 * What is due now: the month before is frozen so many days after its end where it has traffic, an attempt that a stop
 * cut off goes on, and once a day each frozen month is looked at for late data. Attempts are named by what made them due,
 * so several processes that find the same due keep it once. Answers whether something was begun.
 */
export async function takeWhatIsDue({ record, taker, ask, config, now, lookedAt }: CalendarOptions): Promise<boolean> {
  const nowMs = now();
  const number = monthNumber(nowMs);
  const last = api.monthText(monthBegin(number) - 1);
  const { close_after_days: days, restate_check: checks } = config;
  if (days !== null && nowMs >= monthBegin(number) + days * DAY_MS) {
    const versions = await record.versions(last);
    if (versions.length === 0 && (await hasTraffic(ask, last))) {
      await taker.begin(last, { attempt: "close", reason: "the month is closed" });
      return true;
    }
  }
  if (!checks) return false;
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const steps = Map.groupBy(await record.steps(), ({ month }) => month);
  for (const [month, own] of [...steps].sort().slice(-CHECKED_MONTHS)) {
    if (versionsOf(own).length === 0) continue;
    if (own.some(({ attempt, state }) => attempt === `check ${day}` && state !== "taking")) continue;
    if (lookedAt.get(month) === day) continue;
    const isLate = await taker.hasLateData(month);
    lookedAt.set(month, day);
    if (!isLate) continue;
    await taker.begin(month, { attempt: `check ${day}`, reason: "late data" });
    return true;
  }
  return false;
}

async function hasTraffic(ask: AskLive, month: string): Promise<boolean> {
  const { status, body } = await ask(`/api/v1/traffic/share?month=${month}`);
  return status === 200 && (JSON.parse(body) as { total: { records: string } }).total.records !== "0";
}
