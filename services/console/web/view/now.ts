import { onScopeDispose, ref } from "vue";

/** The time, in steps of `everyMs`: what depends on it is asked anew at each step. */
export function useNow(everyMs: number) {
  const nowMs = ref(Date.now());
  const timer = setInterval(() => {
    nowMs.value = Date.now();
  }, everyMs);
  onScopeDispose(() => clearInterval(timer));
  return nowMs;
}
