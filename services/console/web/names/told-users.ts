import type { api } from "@v6meter/schemas";
import { t } from "../messages/index.ts";
import { number } from "./format.ts";

/** How a figure of users was told and between what it lies; without an upper end it is a lower bound. */
export function toldUsers({
  low,
  high,
  method,
}: Pick<api.ActiveUsers["total"], "low" | "high"> & { readonly method: string }): string {
  const words = { low: number(low), high: number(high), method: t(`users.${method}`) };
  if (low === null) return t("overview.method", words);
  return t(high === null ? "overview.least" : "overview.interval", words);
}
