/** A number without an exponent, as people write it. */
export function cellText(value: string | number | null): string {
  if (typeof value !== "number") return value ?? "";
  const text = String(value);
  return /e/.test(text) && Math.abs(value) < 1 ? value.toFixed(9).replace(/0+$/, "") : text;
}
