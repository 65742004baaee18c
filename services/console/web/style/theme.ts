import { ref } from "vue";

/** How the pages look; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

const STORED = "v6meter.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** The choice in force. */
export const theme = ref<Theme>((localStorage.getItem(STORED) as Theme | null) ?? "auto");

/** Whether the pages are dark now; charts are drawn anew when it changes. */
export const isDark = ref(false);

function apply(): void {
  isDark.value = theme.value === "dark" || (theme.value === "auto" && system.matches);
  document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
}

/** Chooses how the pages look, now and at the next visit. */
export function choose(to: Theme): void {
  theme.value = to;
  localStorage.setItem(STORED, to);
  apply();
}

system.addEventListener("change", apply);
apply();

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
