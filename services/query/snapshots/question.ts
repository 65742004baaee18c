import { api } from "@v6meter/schemas";

/** The address of an answer, as snapshots name it. */
export interface NamedQuestion {
  /** One spelling of one question: parameters sorted by name, lists by their words. */
  readonly path: string;
  /** The month of Asia/Shanghai it is about; null where it names none. */
  readonly month: string | null;
}

/** How an answer is asked for or cut, not what is asked. */
const NOT_OF_THE_QUESTION = ["snapshot", "limit", "page"];

/** Names the question of a URL of the API. Throws nothing: what is no question has no stored answer. */
export function namedQuestion(url: string): NamedQuestion {
  const { pathname, searchParams } = new URL(url, "http://v6meter");
  const lists = new Map<string, string[]>();
  for (const [name, value] of searchParams) {
    if (NOT_OF_THE_QUESTION.includes(name)) continue;
    const parts = name === "by" ? value.split(",") : [instantWord(name, value)];
    lists.set(name, [...(lists.get(name) ?? []), ...parts]);
  }
  const words = Object.fromEntries([...lists].map(([name, list]) => [name, [...new Set(list)]]));
  const one = (name: string) => lists.get(name)?.[0];
  return { path: api.canonicalPath(pathname, words), month: monthOf(one("month"), one("to")) };
}

/** Instants have many spellings: answers and questions print them alike. A plus sign may have come as a space. */
function instantWord(name: string, value: string): string {
  if (name !== "from" && name !== "to") return value;
  const atMs = Date.parse(value.replace(/ (?=\d\d:\d\d$)/, "+"));
  return Number.isNaN(atMs) ? value : api.instantText(atMs);
}

/** A period of several months belongs to the one it ends with. */
function monthOf(month: string | undefined, to: string | undefined): string | null {
  if (month !== undefined) return month;
  const end = to === undefined ? null : /^(20\d\d-\d\d)-01T00:00:00\+08:00$/.exec(to);
  return end ? api.monthText(Date.parse(to as string) - 1) : null;
}

/** Whether a month has ended. */
export function hasEnded(month: string, nowMs: number): boolean {
  return month < api.monthText(nowMs);
}
