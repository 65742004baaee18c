import { Fault } from "@v6meter/schemas";
import type { z } from "zod";
import type { Ask } from "./ask.ts";

/** So many questions are under way at once: the store serves people beside the report. */
const AT_ONCE = 2;

/** Says how far the questions are. */
export type OnProgress = (done: number, total: number) => void;

/** A question without an answer, and why. */
export interface Unanswered {
  readonly path: string;
  readonly reason: string;
}

/** What was answered, by the paths of the questions; a question is asked once. */
export class Answers {
  readonly #ask: Ask;
  readonly #answered = new Map<string, unknown>();
  /** What was read of answers, by path: many blocks and both languages read the same ones. */
  readonly #read = new Map<string, { readonly schema: z.ZodType; readonly data: unknown }>();
  readonly #unanswered = new Map<string, string>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Asks what was not asked yet. A question that the role or the catalogue does not allow is kept as unanswered;
   * any other Fault is thrown.
   */
  async ask(paths: Iterable<string>, onProgress: OnProgress = () => {}): Promise<void> {
    const open = [...new Set(paths)].filter((path) => !this.#answered.has(path) && !this.#unanswered.has(path));
    let next = 0;
    let done = 0;
    const work = async () => {
      for (let path = open[next++]; path !== undefined; path = open[next++]) {
        await this.#askOne(path);
        onProgress(++done, open.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #askOne(path: string): Promise<void> {
    try {
      this.#answered.set(path, await this.#ask(path));
    } catch (error) {
      if (!(error instanceof Fault) || !["NOT_FOUND", "FORBIDDEN", "QUERY_INVALID"].includes(error.code)) throw error;
      this.#unanswered.set(path, error.message);
    }
  }

  /**
   * The answer to a question that was asked, the same object each time; null where there is none. Throws INTERNAL for an
   * answer of another shape.
   */
  read<S extends z.ZodType>(path: string, schema: S): z.output<S> | null {
    if (this.#unanswered.has(path)) return null;
    if (!this.#answered.has(path)) throw new Fault("INTERNAL", `${path} was not asked before the report is composed.`);
    const known = this.#read.get(path);
    if (known?.schema === schema) return known.data as z.output<S>;
    const { success, data, error } = schema.safeParse(this.#answered.get(path));
    if (success) {
      this.#read.set(path, { schema, data });
      return data;
    }
    const [issue] = error.issues;
    throw new Fault(
      "INTERNAL",
      `${path}: the answer is not what the API describes (${issue?.path.join(".")}: ${issue?.message}).`,
    );
  }

  /** Whether a question was answered. */
  has(path: string): boolean {
    return this.#answered.has(path);
  }

  /** Paths of everything that was answered, in the order of their names. */
  paths(): readonly string[] {
    return [...this.#answered.keys()].sort();
  }

  unanswered(): readonly Unanswered[] {
    return [...this.#unanswered].map(([path, reason]) => ({ path, reason })).sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}
