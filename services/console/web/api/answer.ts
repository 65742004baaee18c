import { computed, onScopeDispose, reactive, shallowRef, watch } from "vue";
import { ApiProblem, addressOf, ask, type Question } from "./client.ts";

/** State of a question: what came last stays on the screen while it is asked again. */
export interface Answer<T> {
  readonly question: Question | null;
  readonly data: T | null;
  readonly problem: ApiProblem | null;
  readonly loading: boolean;
  reload(): void;
}

/** When each question that runs was asked, in ms of the page; what waits over a second is shown. */
export const running = reactive(new Map<symbol, number>());

/** How a question is asked: again every so often; by another reader where the answer is no JSON. */
export interface Asking<T> {
  readonly everyMs?: number;
  readonly read?: (question: Question, signal: AbortSignal) => Promise<T>;
}

const apartFromTime = (address: string | null) => address?.replace(/\b(from|to)=[^&]*/g, "");

/** Asks whenever the question changes, and every `everyMs` where that is given; null asks nothing. */
export function useAnswer<T>(questionOf: () => Question | null, { everyMs, read = ask }: Asking<T> = {}): Answer<T> {
  const data = shallowRef<T | null>(null);
  const problem = shallowRef<ApiProblem | null>(null);
  const loading = shallowRef(false);
  const question = computed(questionOf);
  let abort = new AbortController();

  const load = async () => {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    if (!question.value) return;
    const id = Symbol("question");
    running.set(id, performance.now());
    loading.value = true;
    try {
      const answer = await read(question.value, signal);
      if (signal.aborted) return;
      data.value = answer;
      problem.value = null;
    } catch (error) {
      if (signal.aborted) return;
      problem.value = error instanceof ApiProblem ? error : new ApiProblem(0, "UNREADABLE", String(error));
    } finally {
      running.delete(id);
      if (!signal.aborted) loading.value = false;
    }
  };

  watch(
    () => question.value && addressOf(question.value),
    (now, before) => {
      if (now === before) return;
      // Figures of another question are not shown as if they were this one's; only the time goes on.
      if (apartFromTime(now) !== apartFromTime(before ?? null)) data.value = null;
      void load();
    },
    { immediate: true },
  );
  const timer = everyMs === undefined ? undefined : setInterval(() => void load(), everyMs);
  onScopeDispose(() => {
    clearInterval(timer);
    abort.abort();
  });
  return {
    get question() {
      return question.value;
    },
    get data() {
      return data.value;
    },
    get problem() {
      return problem.value;
    },
    get loading() {
      return loading.value;
    },
    reload: () => void load(),
  };
}

/** Two answers shown as one: the second's question, and what is made of both as soon as both are there. */
export function bothAnswers<A, B, T>(first: Answer<A>, second: Answer<B>, made: (a: A, b: B) => T): Answer<T> {
  const data = computed(() => (first.data !== null && second.data !== null ? made(first.data, second.data) : null));
  return {
    get question() {
      return second.question;
    },
    get data() {
      return data.value;
    },
    get problem() {
      return first.problem ?? second.problem;
    },
    get loading() {
      return first.loading || second.loading;
    },
    reload() {
      first.reload();
      second.reload();
    },
  };
}
