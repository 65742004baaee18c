import { language } from "../messages/index.ts";

const locale = () => (language.value === "zh" ? "zh-CN" : "en-GB");

/** A share as per cent with two digits; a dash where there is none. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "—" : `${(value * 100).toFixed(2)}%`;
}

/** Percentage points with their sign. */
export function points(value: number | null): string {
  return value === null ? "—" : `${value >= 0 ? "+" : "−"}${Math.abs(value * 100).toFixed(2)} pp`;
}

/** A count with the groups of the language. */
export function number(value: number | string | null | undefined): string {
  return value === null || value === undefined ? "—" : Number(value).toLocaleString(locale());
}

const STEPS = ["", "k", "M", "G", "T", "P", "E"];

/** A quantity in SI steps of 1000, such as 1.23 GB or 4.56 Gbit/s. */
export function quantity(value: number | string | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "—";
  let size = Number(value);
  let step = 0;
  while (Math.abs(size) >= 1_000 && step < STEPS.length - 1) {
    size /= 1_000;
    step += 1;
  }
  return `${step === 0 ? size.toFixed(0) : size.toPrecision(3)} ${STEPS[step]}${unit}`;
}

/** A figure in the unit of its indicator. */
export function figure(value: number | null | undefined, unit: string): string {
  if (unit === "ratio") return percent(value);
  if (unit === "bytes") return quantity(value, "B");
  if (unit === "bps") return quantity(value, "bit/s");
  return number(value);
}

/** An instant in Asia/Shanghai, to the minute. */
export function moment(at: string | number | null): string {
  if (at === null) return "—";
  return new Date(at).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });
}

/** A change in the unit of its indicator, with its sign; of shares in percentage points. */
export function change(value: number | null, unit: string): string {
  if (value === null) return "—";
  if (unit === "ratio") return points(value);
  const size = Math.abs(value);
  return `${value >= 0 ? "+" : "−"}${figure(size >= 10 ? Math.round(size) : size, unit)}`;
}
