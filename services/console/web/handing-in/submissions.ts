import type { api } from "@v6meter/schemas";
import { ref } from "vue";
import { type Answer, useAnswer } from "../api/answer.ts";
import { ask, type Question } from "../api/client.ts";

const PAGE_ROWS = 50;
const REFRESH_MS = 30_000;

/** The submissions of a question, page after page behind one another as they are asked for; all of them stay up to date. */
export function useSubmissions(parametersOf: () => NonNullable<Question["parameters"]>): {
  readonly answer: Answer<api.Submissions>;
  /** Reads one page more. */
  more(): void;
  /** From the first page again: for another question. */
  again(): void;
} {
  const pages = ref(1);
  const read = async ({ path, parameters }: Question, signal: AbortSignal): Promise<api.Submissions> => {
    const submissions: api.Submissions["submissions"] = [];
    let next: string | null = null;
    for (let count = 0; count < pages.value && (count === 0 || next !== null); count++) {
      const cursor: string | undefined = next ?? undefined;
      const page: api.Submissions = await ask<api.Submissions>({ path, parameters: { ...parameters, cursor } }, signal);
      submissions.push(...page.submissions);
      next = page.next;
    }
    return { submissions, next };
  };
  const answer = useAnswer<api.Submissions>(
    () => ({ path: "/api/v1/submissions", parameters: { ...parametersOf(), limit: String(PAGE_ROWS) } }),
    { everyMs: REFRESH_MS, read },
  );
  return {
    answer,
    more() {
      pages.value += 1;
      answer.reload();
    },
    again() {
      pages.value = 1;
    },
  };
}
