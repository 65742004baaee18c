import { encodeTable } from "@v6meter/batch";
import { api, Fault } from "@v6meter/schemas";
import { defineQuery, type Store } from "@v6meter/store";
import { z } from "zod";

const integer = z.coerce.number().int();

const step = z.object({
  at_ms: integer,
  month: z.string(),
  version: z.int(),
  attempt: z.string(),
  state: z.enum([...api.SNAPSHOT_STATES, "published"]),
  data_cut_ms: integer,
  reason: z.string(),
  catalogue: z.string(),
  questions: z.int(),
  answered: z.int(),
  differing: z.int(),
  refused: z.string(),
});
/** One step of an attempt to take a snapshot. */
export type Step = z.output<typeof step>;

const stepsQuery = defineQuery({ name: "snapshots", params: z.strictObject({ month: z.string() }), row: step });

const answersQuery = defineQuery({
  name: "snapshot-answers",
  params: z.strictObject({
    month: z.string(),
    question: z.string(),
    versions: z.array(z.int()),
    attempts: z.array(z.string()),
    most: z.int(),
  }),
  row: z.object({ version: z.int(), question: z.string(), answer: z.string() }),
});

/** A version of a month that is in force, and the attempt that took it. */
export interface Version {
  readonly month: string;
  readonly version: number;
  readonly attempt: string;
  readonly takenAtMs: number;
  readonly published: boolean;
}

/** An answer that a version keeps. */
export interface KeptAnswer {
  readonly version: number;
  readonly question: string;
  /** JSON, as it was answered. */
  readonly answer: string;
}

/** Id of a version of a month's snapshot. */
export const idOf = ({ month, version }: { readonly month: string; readonly version: number }) =>
  `${month}-v${version}`;

/** The month and version of an id. Throws NOT_FOUND for what is none. */
export function partsOf(id: string): { month: string; version: number } {
  const { success } = api.snapshotId.safeParse(id);
  if (!success) throw unknownSnapshot(id);
  return { month: id.slice(0, 7), version: Number(id.slice(9)) };
}

/** The fault of an id that is no snapshot's. */
export function unknownSnapshot(id: string): Fault {
  return new Fault("NOT_FOUND", `${id} is no snapshot; all are listed at /api/v1/snapshots.`);
}

/** States of months whose answers are at hand: a report asks for its month, the one before and the one a year before. */
const STATES_AT_HAND = 4;
/** So long another process's new version may go unseen. */
const VERSIONS_KEPT_MS = 1_000;

/** The record of snapshots in the store: only added to, each addition once however often it is repeated. */
export class SnapshotRecord {
  readonly #store: Store;
  readonly #states = new Map<string, Promise<ReadonlyMap<string, KeptAnswer>>>();
  readonly #versions = new Map<string, { readonly atMs: number; readonly versions: Promise<Version[]> }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The versions of a month in force as this process knew them within the last second. */
  recentVersions(month: string): Promise<Version[]> {
    const nowMs = performance.now();
    const known = this.#versions.get(month);
    if (known && nowMs - known.atMs < VERSIONS_KEPT_MS) return known.versions;
    for (const [name, { atMs }] of this.#versions) if (nowMs - atMs >= VERSIONS_KEPT_MS) this.#versions.delete(name);
    const versions = this.versions(month);
    this.#versions.set(month, { atMs: nowMs, versions });
    versions.catch(() => this.#versions.delete(month));
    return versions;
  }

  /**
   * The answer that versions keep of a question, null where they keep none. What a version keeps never changes, so all
   * answers of a state are fetched by one statement and stay at hand: a report asks for hundreds of them.
   */
  async answer(versions: readonly Version[], question: string): Promise<KeptAnswer | null> {
    if (versions.length === 0) return null;
    const key = versions.map((it) => `${idOf(it)} ${it.attempt}`).join("\n");
    const answers =
      this.#states.get(key) ?? this.answers(versions, "", 1).then((all) => new Map(all.map((it) => [it.question, it])));
    // The one asked for last stands last.
    this.#states.delete(key);
    this.#states.set(key, answers);
    answers.catch(() => this.#states.delete(key));
    for (const oldest of this.#states.keys()) if (this.#states.size > STATES_AT_HAND) this.#states.delete(oldest);
    return (await answers).get(question) ?? null;
  }

  /** The steps of a month, or of all months, oldest first. */
  steps(month = ""): Promise<Step[]> {
    return this.#store.query(stepsQuery, { month });
  }

  /** The versions of a month in force, the first one first. Of two attempts at one version the first to end is it. */
  async versions(month: string): Promise<Version[]> {
    return versionsOf(await this.steps(month));
  }

  async add(it: Step): Promise<void> {
    const one = <T>(value: T) => [value];
    const arrow = encodeTable({
      at: { kind: "time", values: one(it.at_ms) },
      month: { kind: "string", values: one(it.month) },
      version: { kind: "u16", values: one(it.version) },
      attempt: { kind: "string", values: one(it.attempt) },
      state: { kind: "string", values: one(it.state) },
      data_cut: { kind: "time", values: one(it.data_cut_ms) },
      reason: { kind: "string", values: one(it.reason) },
      catalogue: { kind: "string", values: one(it.catalogue) },
      questions: { kind: "u32", values: one(it.questions) },
      answered: { kind: "u32", values: one(it.answered) },
      differing: { kind: "u32", values: one(it.differing) },
      refused: { kind: "string", values: one(it.refused) },
    });
    const token = `snapshot ${idOf(it)} ${it.attempt} ${it.state} ${it.answered}`;
    await this.#store.insert({ table: "snapshots", arrow, rows: 1, token });
    this.#versions.delete(it.month);
  }

  /** Keeps answers of an attempt; `part` numbers what is kept at once. */
  async keep(
    { month, version, attempt }: Pick<Step, "month" | "version" | "attempt">,
    part: number,
    answers: readonly { readonly question: string; readonly answer: string }[],
  ): Promise<void> {
    if (answers.length === 0) return;
    const arrow = encodeTable({
      month: { kind: "string", values: answers.map(() => month) },
      version: { kind: "u16", values: answers.map(() => version) },
      attempt: { kind: "string", values: answers.map(() => attempt) },
      question: { kind: "string", values: answers.map(({ question }) => question) },
      answer: { kind: "string", values: answers.map(({ answer }) => answer) },
    });
    const token = `snapshot ${idOf({ month, version })} ${attempt} answers ${part}`;
    await this.#store.insert({ table: "snapshot_answers", arrow, rows: answers.length, token });
  }

  /** The newest `most` answers that the versions keep of a question, or of every question where it is empty. */
  async answers(versions: readonly Version[], question: string, most: number): Promise<KeptAnswer[]> {
    const [first] = versions;
    if (!first) return [];
    return this.#store.query(answersQuery, {
      month: first.month,
      question,
      versions: versions.map(({ version }) => version),
      attempts: versions.map(({ attempt }) => attempt),
      most,
    });
  }
}

/** The versions that the steps of one month tell, the first one first. */
export function versionsOf(steps: readonly Step[]): Version[] {
  const taken = new Map<number, Step>();
  for (const it of steps) if (it.state === "taken" && !taken.has(it.version)) taken.set(it.version, it);
  return [...taken.values()]
    .sort((a, b) => a.version - b.version)
    .map(({ month, version, attempt, at_ms }) => ({
      month,
      version,
      attempt,
      takenAtMs: at_ms,
      published: steps.some((it) => it.version === version && it.state === "published"),
    }));
}

const instantOrNull = (atMs: number | undefined) => (atMs ? api.instantText(atMs) : null);

/** The snapshots that steps tell, the newest month and version first. */
export function snapshotsOf(steps: readonly Step[]): api.Snapshot[] {
  return [...Map.groupBy(steps, idOf)]
    .map(([id, own]) => {
      const taken = own.find(({ state }) => state === "taken");
      const attempts = own.filter(({ state }) => state !== "published");
      const last = taken ?? (attempts.at(-1) as Step);
      return {
        id,
        month: last.month,
        version: last.version,
        state: last.state as api.SnapshotState,
        taken_at: instantOrNull(taken?.at_ms),
        published_at: instantOrNull(own.find(({ state }) => state === "published")?.at_ms),
        data_cut: instantOrNull(last.data_cut_ms),
        reason: last.reason,
        catalogue: last.catalogue,
        questions: last.questions,
        answered: last.answered,
        differing: last.differing,
        refused: JSON.parse(last.refused || "[]") as api.Snapshot["refused"],
      };
    })
    .sort((a, b) => (a.month === b.month ? b.version - a.version : a.month < b.month ? 1 : -1));
}
