import { computed, defineComponent, onScopeDispose, ref, watch, watchEffect } from "vue";
import { RouterLink, RouterView, useRoute } from "vue-router";
import { running } from "./api/answer.ts";
import { language, speak, t } from "./messages/index.ts";
import { loadNames, registry } from "./names/names.ts";
import { PAGES } from "./pages/index.ts";
import { identity, isOpen, key, signIn, signOut } from "./session/session.ts";
import { SignIn } from "./session/sign-in.tsx";
import { choose, type Theme, theme } from "./style/theme.ts";

/** What runs longer is told with its seconds. */
const PATIENCE_MS = 1_000;
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

const Progress = defineComponent(() => {
  const now = ref(performance.now());
  const timer = setInterval(() => {
    now.value = performance.now();
  }, 250);
  onScopeDispose(() => clearInterval(timer));
  return () => {
    const waitedMs = now.value - Math.min(now.value, ...running.values());
    return (
      <div class="progress" role="status">
        {waitedMs > PATIENCE_MS
          ? t("state.running", { seconds: Math.floor(waitedMs / 1_000), questions: running.size })
          : ""}
      </div>
    );
  };
});

/** The frame of all pages: sign-in, navigation, language, looks. */
export const App = defineComponent(() => {
  const route = useRoute();
  const problem = ref("");
  watch(
    key,
    async (now) => {
      if (now === null) return;
      try {
        if (identity.value === null && (await signIn(now)) !== "entered") return signOut("expired");
        await loadNames();
        problem.value = "";
      } catch {
        problem.value = t("state.unreachable");
      }
    },
    { immediate: true },
  );
  const page = computed(() => PAGES.find(({ name }) => name === route.name));
  watchEffect(() => {
    document.title = `${page.value ? `${t(`pages.${page.value.name}`)} · ` : ""}${t("name")}`;
  });

  const nav = ref<HTMLElement>();
  // On a phone the pages stand in one line that is moved sideways.
  watch(
    [() => route.name, nav, identity],
    () => nav.value?.querySelector(".router-link-active")?.scrollIntoView({ block: "nearest", inline: "center" }),
    { flush: "post" },
  );
  const looks = () => (
    <>
      <label>
        <span class="unseen">{t("frame.theme")}</span>
        <select value={theme.value} onChange={(event) => choose((event.target as HTMLSelectElement).value as Theme)}>
          {THEMES.map((one) => (
            <option key={one} value={one} selected={one === theme.value}>
              {t(`frame.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        data-do="language"
        lang={language.value === "zh" ? "en" : "zh-CN"}
        onClick={() => speak(language.value === "zh" ? "en" : "zh")}
      >
        {language.value === "zh" ? "English" : "中文"}
      </button>
    </>
  );

  return () => {
    if (key.value === null) {
      return (
        <>
          <div class="corner">{looks()}</div>
          <SignIn />
        </>
      );
    }
    const who = identity.value;
    const isReady = who !== null && registry.value.regions.length > 0;
    const open = PAGES.filter(({ needs }) => isOpen(needs));
    return (
      <>
        <a class="skip" href="#page">
          {t("frame.skip")}
        </a>
        <header class="top">
          <strong class="brand">{t("name")}</strong>
          <nav ref={nav} aria-label={t("frame.pages")}>
            {open.map(({ name }) => (
              <RouterLink key={name} to={{ name }}>
                {{ default: () => t(`pages.${name}`) }}
              </RouterLink>
            ))}
          </nav>
          <span class="who">
            {who ? `${who.name} · ${t(`roles.${who.role}`)}` : ""}
            {looks()}
            <button type="button" data-do="sign-out" onClick={() => signOut()}>
              {t("frame.signOut")}
            </button>
          </span>
        </header>
        <Progress />
        <main id="page" tabindex={-1} aria-busy={running.size > 0}>
          {problem.value ? (
            <div class="state state-error" role="alert">
              {problem.value}
            </div>
          ) : null}
          {!isReady && !problem.value ? (
            <div class="state state-loading" role="status">
              {t("state.loading")}
            </div>
          ) : null}
          {isReady && page.value && !isOpen(page.value.needs) ? <div class="state">{t("state.closed")}</div> : null}
          {isReady && (!page.value || isOpen(page.value.needs)) ? <RouterView /> : null}
        </main>
      </>
    );
  };
});
