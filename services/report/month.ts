import { api, Fault, reportMonth } from "@v6meter/schemas";

/** A month of Asia/Shanghai as reports speak of it. */
export interface Month {
  /** Such as 2026-10. */
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const numberOf = (name: string) => Number(name.slice(0, 4)) * 12 + Number(name.slice(5)) - 1;

function nameOf(number: number): string {
  return `${Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, "0")}`;
}

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
    throw new Fault("QUERY_INVALID", `month: ${name} has not begun; allowed is ${nameAt(nowMs)} or an earlier one.`);
  return month;
}

/** The month of Asia/Shanghai a moment lies in. */
export function nameAt(atMs: number): string {
  return api.instantText(atMs).slice(0, 7);
}

/** The month so many months later, or earlier where `months` is negative. */
export function monthsFrom({ name }: Pick<Month, "name">, months: number): Month {
  const number = numberOf(name) + months;
  return { name: nameOf(number), fromMs: beginOf(number), toMs: beginOf(number + 1) };
}
