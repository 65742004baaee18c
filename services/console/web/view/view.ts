import { useRoute, useRouter } from "vue-router";

/** The state of a page, as it stands in the address: nothing of a view is kept anywhere else. */
export interface View<T extends Readonly<Record<string, string>>> {
  get<K extends keyof T>(name: K): string;
  /** The words of a list, which stands in the address separated by commas. */
  list<K extends keyof T>(name: K): string[];
  set(changes: Partial<Record<keyof T, string>>): void;
  /** The same as a step of its own, which the browser's way back undoes. */
  go(changes: Partial<Record<keyof T, string>>): void;
}

/** Reads and writes a page's state; what equals its default is left out of the address. */
export function useView<const T extends Readonly<Record<string, string>>>(defaults: T): View<T> {
  const route = useRoute();
  const router = useRouter();
  const get = (name: keyof T) => {
    const value = route.query[name as string];
    return typeof value === "string" ? value : (defaults[name] as string);
  };
  const changed = (changes: Partial<Record<keyof T, string>>) => {
    const query = { ...route.query };
    for (const [name, value] of Object.entries(changes)) {
      if (value === defaults[name]) delete query[name];
      else query[name] = value as string;
    }
    return { query };
  };
  return {
    get,
    list: (name) =>
      get(name)
        .split(",")
        .filter((word) => word !== ""),
    set: (changes) => void router.replace(changed(changes)),
    go: (changes) => void router.push(changed(changes)),
  };
}
