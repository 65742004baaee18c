import type { api } from "@v6meter/schemas";
import { ref, shallowRef } from "vue";

const STORED = "v6meter.key";

/** The key of this tab; null while nobody is signed in. It is in no address and no cookie. */
export const key = ref<string | null>(sessionStorage.getItem(STORED));

/** Who the key is; null until the API has said so. */
export const identity = shallowRef<api.Identity | null>(null);

/** Why the sign-in page is shown again. */
export const ended = ref<"expired" | null>(null);

/** Takes a key for this tab once the API knows it; what is wrong with it otherwise. Throws where the API does not answer. */
export async function signIn(candidate: string): Promise<"entered" | "wrong" | "closed"> {
  const response = await fetch("/api/v1/identity", { headers: { authorization: `Bearer ${candidate}` } });
  if (response.status === 401) return "wrong";
  // A role without pages, such as the public.
  if (response.status === 403) return "closed";
  if (!response.ok) throw new Error(`${response.status}`);
  identity.value = (await response.json()) as api.Identity;
  key.value = candidate;
  ended.value = null;
  sessionStorage.setItem(STORED, candidate);
  return "entered";
}

/** Forgets the key. */
export function signOut(reason: "expired" | null = null): void {
  sessionStorage.removeItem(STORED);
  key.value = null;
  identity.value = null;
  ended.value = reason;
}

/** Whether all routes a page needs answer the key's role. */
export function isOpen(routes: readonly string[]): boolean {
  return routes.every((route) => identity.value?.routes.includes(route));
}
