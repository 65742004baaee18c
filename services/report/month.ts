import { api, Fault, reportMonth } from "@v6meter/schemas";

/** A month of Asia/Shanghai as reports speak of it. */
export interface Month {
  /** Such as 2026-10. */
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const numberOf = (name: string) => Number(name.slice(0, 4)) * 12 + Number(name.slice(5)) - 1;

/** Begin of a month in Asia/Shanghai, milliseconds since 1970 UTC. */
function beginOf(number: number): number {
  return Date.UTC(Math.floor(number / 12), number % 12) - api.ZONE_OFFSET_MS;
}

/** Reads a month; throws QUERY_INVALID for what is none, or has not begun at `nowMs`. */
export function monthOf(text: string, nowMs: number): Month {
  const { success, data: name } = reportMonth.safeParse(text);
  if (!success)
    throw new Fault("QUERY_INVALID", `month: found ${text.slice(0, 20)}, allowed is a month such as 2026-10.`);
  const number = numberOf(name);
  const month = { name, fromMs: beginOf(number), toMs: beginOf(number + 1) };
  if (month.fromMs >= nowMs)
    throw new Fault(
      "QUERY_INVALID",
      `month: ${name} has not begun; allowed is ${api.monthText(nowMs)} or an earlier one.`,
    );
  return month;
}

/** The month so many months later, or earlier where `months` is negative. */
export function monthsFrom({ name }: Pick<Month, "name">, months: number): Month {
  const number = numberOf(name) + months;
  const fromMs = beginOf(number);
  return { name: api.monthText(fromMs), fromMs, toMs: beginOf(number + 1) };
}
