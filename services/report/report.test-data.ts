/** Every number of an answer, and every number a string of it is. */
export function numbersOf(answer: unknown, found = new Set<number>()): Set<number> {
  if (typeof answer === "number" || (typeof answer === "string" && /^-?\d+(\.\d+)?$/.test(answer)))
    found.add(Number(answer));
  else if (answer !== null && typeof answer === "object") for (const it of Object.values(answer)) numbersOf(it, found);
  return found;
}
