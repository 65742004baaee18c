import { shallowRef } from "vue";

/** A statement somebody keeps in this browser. */
export interface Saved {
  readonly name: string;
  readonly statement: string;
}

const STORED = "v6meter.sql";

function read(): readonly Saved[] {
  try {
    const found = JSON.parse(localStorage.getItem(STORED) ?? "[]") as Saved[];
    return Array.isArray(found)
      ? found.filter((it) => typeof it?.name === "string" && typeof it.statement === "string")
      : [];
  } catch {
    return [];
  }
}

/** The statements kept in this browser, by name. */
export const saved = shallowRef(read());

function keep(all: readonly Saved[]): void {
  saved.value = all.toSorted((a, b) => a.name.localeCompare(b.name));
  localStorage.setItem(STORED, JSON.stringify(saved.value));
}

/** Keeps a statement; one of the same name is replaced. */
export function save(it: Saved): void {
  keep([...saved.value.filter(({ name }) => name !== it.name), it]);
}

/** Forgets the statement of a name. */
export function forget(name: string): void {
  keep(saved.value.filter((it) => it.name !== name));
}
