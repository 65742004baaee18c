import { defineComponent, onMounted, ref } from "vue";
import { t } from "../messages/index.ts";
import { ended, signIn } from "./session.ts";

/** Asks for a key; a wrong one is told. */
export const SignIn = defineComponent(() => {
  const typed = ref("");
  const told = ref("");
  const isBusy = ref(false);
  const field = ref<HTMLInputElement>();
  onMounted(() => field.value?.focus());
  const submit = async (event: Event) => {
    event.preventDefault();
    isBusy.value = true;
    told.value = "";
    try {
      const result = await signIn(typed.value.trim());
      told.value = result === "entered" ? "" : t(`signIn.${result}`);
    } catch {
      told.value = t("state.unreachable");
    }
    isBusy.value = false;
  };
  return () => (
    <main class="sign-in">
      <form onSubmit={submit}>
        <h1>{t("name")}</h1>
        <p>{ended.value === "expired" ? t("signIn.expired") : t("signIn.asked")}</p>
        <label for="key">{t("signIn.key")}</label>
        <input
          id="key"
          ref={field}
          type="password"
          autocomplete="off"
          required
          value={typed.value}
          onInput={(event) => {
            typed.value = (event.target as HTMLInputElement).value;
          }}
        />
        <button type="submit" class="primary" disabled={isBusy.value}>
          {t("signIn.enter")}
        </button>
        <p class="wrong" role="alert">
          {told.value}
        </p>
      </form>
    </main>
  );
});
