import { defineComponent, onScopeDispose, ref, watch } from "vue";
import { RouterLink, useRouter } from "vue-router";
import { ApiProblem, addressOf, askSql, type Question } from "../api/client.ts";
import { t } from "../messages/index.ts";
import { identity, isOpen } from "../session/session.ts";

/** The statements of an answer's text, each without its comments. */
export function statementsOf(text: string): string[] {
  return text
    .split(/^-- \d+ of \d+: .*$/m)
    .slice(1)
    .map((part) =>
      part
        .replace(/;\s*$/, "")
        .split("\n")
        .filter((line) => !/^\s*--/.test(line))
        .join("\n")
        .trim(),
    );
}

/** The SQL behind an answer, asked when it is opened: to be read, copied, and run where the reader may. */
export const SqlPanel = defineComponent(
  (props: { question: Question | null }) => {
    const router = useRouter();
    const isShown = ref(false);
    const text = ref("");
    const told = ref("");
    const isCopied = ref(false);
    let abort = new AbortController();
    onScopeDispose(() => abort.abort());

    const load = async () => {
      abort.abort();
      abort = new AbortController();
      const { signal } = abort;
      if (!isShown.value || !props.question) return;
      told.value = t("state.loading");
      try {
        const answer = await askSql(props.question, signal);
        text.value = answer ?? "";
        told.value = answer === null ? t("room.noSql") : "";
      } catch (error) {
        if (signal.aborted) return;
        text.value = "";
        told.value = error instanceof ApiProblem && error.message !== "" ? error.message : t("state.unreachable");
      }
    };
    watch(() => [isShown.value, props.question && addressOf(props.question)], load);
    const copy = async () => {
      await navigator.clipboard?.writeText(text.value).catch(() => undefined);
      isCopied.value = true;
      setTimeout(() => {
        isCopied.value = false;
      }, 2_000);
    };
    const mayRun = () => router.hasRoute("sql") && isOpen(["POST /api/v1/sql"]) && identity.value?.raw === true;

    return () => (
      <details
        data-do="sql"
        onToggle={(event) => {
          isShown.value = (event.target as HTMLDetailsElement).open;
        }}
      >
        <summary>SQL</summary>
        {told.value ? <p role="status">{told.value}</p> : null}
        {text.value ? (
          <>
            <p class="crumbs">
              <button type="button" data-do="copy-sql" onClick={() => void copy()}>
                {isCopied.value ? t("room.copied") : t("room.copySql")}
              </button>
              {mayRun()
                ? statementsOf(text.value).map((statement, index, all) => (
                    <RouterLink key={index} to={{ name: "sql", query: { q: statement } }}>
                      {{ default: () => `${t("room.openSql")}${all.length > 1 ? ` ${index + 1}` : ""}` }}
                    </RouterLink>
                  ))
                : null}
            </p>
            <section class="scroll" tabindex={0} aria-label="SQL">
              <pre>
                <code>{text.value}</code>
              </pre>
            </section>
          </>
        ) : null}
      </details>
    );
  },
  { props: ["question"] },
);
