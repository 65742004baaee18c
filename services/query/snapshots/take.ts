import { createHash } from "node:crypto";
import type { OpenCatalogue } from "@v6meter/indicators";
import { api, Fault } from "@v6meter/schemas";
import { defineQuery, type Store } from "@v6meter/store";
import { z } from "zod";
import { differences, keepSuppressed } from "./compare.ts";
import { hasEnded } from "./question.ts";
import { idOf, type SnapshotRecord, type Step, snapshotsOf, type Version, versionsOf } from "./record.ts";
import { checkQuestions, type StandardQuestion, standardQuestions } from "./standard-questions.ts";

/** Asks the API itself, as somebody who sees every operator's figures, for what is true now. */
export type AskLive = (path: string) => Promise<{ readonly status: number; readonly body: string }>;

export interface TakerOptions {
  readonly store: Store;
  readonly record: SnapshotRecord;
  readonly catalogue: OpenCatalogue;
  readonly ask: AskLive;
  readonly now: () => number;
  /** What is asked; the standard questions. */
  readonly questionsOf?: typeof standardQuestions;
  /** Told of an attempt that failed. */
  readonly onFailed: (id: string, error: unknown) => void;
}

/** Answers kept at once; with each part the progress is written down. */
const PART_QUESTIONS = 64;

const dataCutQuery = defineQuery({
  name: "data-cut",
  params: z.strictObject({}),
  row: z.object({ at_ms: z.coerce.number().int() }),
});

/** Takes snapshots, one at a time and one question after the other, so that people's questions find the store free. */
export class Taker {
  readonly #options: TakerOptions;
  #running: { readonly id: string; readonly ended: Promise<void> } | null = null;
  #stopped = false;

  constructor(options: TakerOptions) {
    this.#options = options;
  }

  /**
   * Begins to take the next version of a month; it goes on in the background. The same attempt of two processes
   * keeps its answers once. Throws QUERY_INVALID for a month that has not ended, or while another one is taken.
   */
  async begin(month: string, { attempt, reason }: { attempt: string; reason: string }): Promise<api.Snapshot> {
    const { record, catalogue, now, onFailed, questionsOf = standardQuestions } = this.#options;
    if (!hasEnded(month, now())) {
      throw new Fault(
        "QUERY_INVALID",
        `month: found ${month}, which has not ended; allowed: months before ${api.monthText(now())}.`,
      );
    }
    if (this.#running !== null) {
      throw new Fault(
        "QUERY_INVALID",
        `month: ${this.#running.id} is being taken; allowed: another one once it has ended.`,
      );
    }
    const placeholder = { id: month, ended: Promise.resolve() };
    this.#running = placeholder;
    try {
      const versions = await record.versions(month);
      const inForce = await catalogue.current();
      const questions = questionsOf(inForce, month);
      const [cut] = await this.#options.store.query(dataCutQuery, {});
      const { indicators, objects, targets, scoring, reported } = inForce;
      const content = [indicators, objects, targets, scoring, reported].map((it) => [...it]);
      const first: Step = {
        at_ms: now(),
        month,
        version: (versions.at(-1)?.version ?? 0) + 1,
        attempt,
        state: "taking",
        data_cut_ms: cut?.at_ms ?? 0,
        reason,
        catalogue: createHash("sha256").update(JSON.stringify(content)).digest("hex"),
        questions: questions.length,
        answered: 0,
        differing: 0,
        refused: "[]",
      };
      await record.add(first);
      const ended = this.#take(first, questions, versions)
        .catch(async (error: unknown) => {
          if (this.#stopped) return;
          onFailed(idOf(first), error);
          const why = error instanceof Fault ? error.message : "An answer could not be had.";
          await record
            .add({ ...first, at_ms: now(), state: "failed", reason: why })
            .catch((it) => onFailed(idOf(first), it));
        })
        .finally(() => {
          this.#running = null;
        });
      this.#running = { id: idOf(first), ended };
      return snapshotsOf([first])[0] as api.Snapshot;
    } catch (error) {
      this.#running = null;
      throw error;
    }
  }

  async #take(first: Step, questions: readonly StandardQuestion[], before: readonly Version[]): Promise<void> {
    const { record, now } = this.#options;
    let [answered, differing] = [0, 0];
    const refused: { question: string; reason: string }[] = [];
    const step = (state: Step["state"]): Step => ({
      ...first,
      at_ms: now(),
      state,
      answered,
      differing,
      refused: JSON.stringify(refused),
    });
    for (let at = 0; at < questions.length; at += PART_QUESTIONS) {
      const kept: { question: string; answer: string }[] = [];
      for (const { path, restated } of questions.slice(at, at + PART_QUESTIONS)) {
        if (this.#stopped) return;
        const found = await this.#changed(path, restated, before);
        answered += 1;
        if (found !== null && "reason" in found) refused.push({ question: path, reason: found.reason });
        else if (found !== null) kept.push({ question: path, answer: found.answer });
      }
      differing += kept.length;
      await record.keep(first, at / PART_QUESTIONS, kept);
      if (answered < questions.length) await record.add(step("taking"));
    }
    await record.add(step(before.length > 0 && differing === 0 ? "unchanged" : "taken"));
  }

  /** The answer now where it is not that of the versions before; null where it is. */
  async #changed(
    path: string,
    restated: boolean,
    before: readonly Version[],
  ): Promise<{ answer: string } | { reason: string } | null> {
    const { ask, record } = this.#options;
    const kept = await record.answer(before, path);
    if (kept && !restated) return null;
    const { status, body } = await ask(path);
    if (status >= 500) throw new Fault("STORE_UNREACHABLE", `${path} was answered ${status}.`);
    if (status !== 200) return { reason: (JSON.parse(body) as api.Problem).detail };
    if (!kept) return { answer: body };
    const old: unknown = JSON.parse(kept.answer);
    const answer = keepSuppressed(old, JSON.parse(body) as unknown);
    return differences(old, answer).length === 0 ? null : { answer: JSON.stringify(answer) };
  }

  /** Whether the questions that tell it soonest are answered otherwise than a month's snapshot does. */
  async hasLateData(month: string): Promise<boolean> {
    const versions = versionsOf(await this.#options.record.steps(month));
    for (const path of checkQuestions(month)) {
      const found = await this.#changed(path, true, versions);
      if (found !== null && "answer" in found) return true;
    }
    return false;
  }

  /** Once nothing is being taken. */
  async idle(): Promise<void> {
    await this.#running?.ended;
  }

  /** Leaves off; the same attempt is gone on with at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }
}
