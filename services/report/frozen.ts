import { api, Fault, type ReportSnapshot } from "@v6meter/schemas";
import { z } from "zod";
import type { Ask } from "./ask.ts";
import type { Month } from "./month.ts";
import { questions } from "./questions.ts";

const SNAPSHOTS = "/api/v1/snapshots";

/** What is needed of a snapshot as the API lists it. */
const listed = z.object({
  snapshots: z.array(
    z.object({
      id: z.string(),
      version: z.int(),
      state: z.string(),
      taken_at: api.instant.nullable(),
      published_at: api.instant.nullable(),
    }),
  ),
});

/** What a report asks, and of which state of the month: null for live figures. */
export interface Source {
  readonly ask: Ask;
  readonly snapshot: ReportSnapshot | null;
  /** A question with the snapshot that answered it, so that it is answered alike at any later time. */
  readonly askedAs: (path: string) => string;
}

/** An API asked for figures as they are now. */
export const liveSource = (ask: Ask): Source => ({ ask, snapshot: null, askedAs: (path) => path });

/** A question put to a snapshot. */
export const asOf = (path: string, id: string) => `${path}${path.includes("?") ? "&" : "?"}snapshot=${id}`;

/** The snapshots of a month that are in force, the oldest first; none where the API keeps none. */
async function takenOf(ask: Ask, name: string): Promise<ReportSnapshot[]> {
  const answer = await ask(questions.snapshots(name)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "NOT_FOUND") return { snapshots: [] };
    throw error;
  });
  return listed
    .parse(answer)
    .snapshots.flatMap(({ id, version, state, taken_at, published_at }) =>
      state === "taken" && taken_at !== null ? [{ id, version, taken_at, published_at }] : [],
    )
    .sort((a, b) => a.version - b.version);
}

/**
 * The newest snapshot of a month, or the one of an id, and the API asked as of it: months it is compared with are
 * those that stood when it was taken, so that the same snapshot always gives the same report. Live where the month
 * has none. Throws NOT_FOUND for an id that is not there.
 */
export async function sourceOf(ask: Ask, month: Month, id?: string): Promise<Source> {
  const all = await takenOf(ask, month.name);
  const snapshot = id === undefined ? (all.at(-1) ?? null) : (all.find((it) => it.id === id) ?? null);
  if (snapshot === null && id !== undefined) {
    const known = all.map((it) => it.id).join(", ") || "none is taken";
    throw new Fault("NOT_FOUND", `snapshot: found ${id}, allowed for ${month.name}: ${known}.`);
  }
  if (snapshot === null) return liveSource(ask);
  const others = new Map<string, Promise<string>>([[month.name, Promise.resolve(snapshot.id)]]);
  const idOf = (name: string) => {
    const found = others.get(name) ?? stoodAt(ask, name, snapshot);
    others.set(name, found);
    return found;
  };
  const asked = new Map<string, string>();
  return {
    snapshot,
    askedAs: (path) => asked.get(path) ?? path,
    ask: async (path) => {
      // What a code is called is no figure and not kept; what snapshots say of themselves names its snapshot.
      if (path === questions.registry() || path.startsWith(SNAPSHOTS)) return ask(path);
      const named = asOf(path, await idOf(monthIn(path) ?? month.name));
      asked.set(path, named);
      return ask(named);
    },
  };
}

/** The snapshot of another month that stood when this one was taken. */
async function stoodAt(ask: Ask, name: string, { id, taken_at: takenAt }: ReportSnapshot): Promise<string> {
  const before = (await takenOf(ask, name)).filter((it) => Date.parse(it.taken_at) <= Date.parse(takenAt));
  const found = before.at(-1);
  if (!found) throw new Fault("NOT_FOUND", `${name} had no snapshot when ${id} was taken.`);
  return found.id;
}

/** The month a question is of: its own, or the one its period ends with; null where it names none. */
export function monthIn(path: string): string | null {
  const query = new URLSearchParams(path.split("?")[1] ?? "");
  const to = query.get("to");
  return query.get("month") ?? (to === null ? null : api.monthText(Date.parse(to) - 1));
}
