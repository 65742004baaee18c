import { computed } from "vue";
import { createI18n } from "vue-i18n";
import en from "./en.ts";
import zh from "./zh.ts";

/** Languages of the console. */
export type Language = "zh" | "en";

const STORED = "v6meter.language";

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "zh" || stored === "en") return stored;
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "zh";
}

/** All texts of the pages; names of words come from the schemas and the registry. */
export const i18n = createI18n({ legacy: false, locale: preferred(), fallbackLocale: "en", messages: { zh, en } });

/** The text of a key in the language in force. */
export const t = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values);

/** The language in force. */
export const language = computed(() => i18n.global.locale.value as Language);

/** Changes the language of everything, and of the next visit. */
export function speak(to: Language): void {
  i18n.global.locale.value = to;
  localStorage.setItem(STORED, to);
  document.documentElement.lang = to === "zh" ? "zh-CN" : "en";
}

speak(preferred());
