/**
 * The one spelling of a question to the API: parameters sorted by name, lists by their words, those without a word
 * left out. Answers of closed months are stored under it, and published figures name it.
 */
export function canonicalPath(path: string, parameters: Readonly<Record<string, string | readonly string[]>>): string {
  const pairs = Object.entries(parameters)
    .map(([name, value]): [string, string] => [name, typeof value === "string" ? value : value.toSorted().join(",")])
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
  return query === "" ? path : `${path}?${query}`;
}
