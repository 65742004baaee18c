import "../style/sql.css";
import type { api } from "@v6meter/schemas";
import { computed, defineComponent, onScopeDispose, ref, shallowRef } from "vue";
import { useAnswer } from "../api/answer.ts";
import { ApiProblem, tell } from "../api/client.ts";
import { t } from "../messages/index.ts";
import { number, quantity } from "../names/format.ts";
import { SqlEditor } from "../sql/editor.tsx";
import { errorPlace } from "../sql/error-place.ts";
import { RESULT_VIEW, SqlResult } from "../sql/result.tsx";
import { save } from "../sql/saved.ts";
import { SqlSide } from "../sql/side.tsx";
import { useView } from "../view/view.ts";

const TICK_MS = 200;

type State = "new" | "running" | "done" | "cancelled" | "refused";

export default defineComponent(() => {
  // A link brings the statement; it is run by whoever opened it, not by the link.
  const view = useView({ q: "", ...RESULT_VIEW });
  const catalogue = useAnswer<api.SqlCatalogue>(() => ({ path: "/api/v1/sql/catalogue" }));
  const statement = ref(view.get("q"));
  const state = ref<State>("new");
  const result = shallowRef<api.SqlResult | null>(null);
  const problem = shallowRef<{ readonly message: string; readonly asked: string } | null>(null);
  const seconds = ref(0);
  const name = ref("");
  const isCopied = ref(false);
  const editor = ref<{ insert(text: string): void }>();
  let abort = new AbortController();

  const run = async () => {
    const asked = statement.value.trim();
    if (asked === "" || state.value === "running") return;
    view.set(asked === view.get("q") ? {} : { q: asked, along: "", value: "", apart: "" });
    abort = new AbortController();
    const { signal } = abort;
    state.value = "running";
    problem.value = null;
    const startedAtMs = performance.now();
    seconds.value = 0;
    const timer = setInterval(() => {
      seconds.value = (performance.now() - startedAtMs) / 1_000;
    }, TICK_MS);
    try {
      result.value = await tell<api.SqlResult>("/api/v1/sql", { body: { query: asked }, signal });
      state.value = "done";
    } catch (error) {
      result.value = null;
      state.value = signal.aborted ? "cancelled" : "refused";
      if (!signal.aborted) {
        const message =
          error instanceof ApiProblem && error.code !== "UNREACHABLE" ? error.message : t("state.unreachable");
        problem.value = { message, asked: statement.value };
      }
    } finally {
      clearInterval(timer);
    }
  };
  onScopeDispose(() => abort.abort());

  const fault = computed(() => {
    if (!problem.value) return null;
    const { message, asked } = problem.value;
    const offset = asked.length - asked.trimStart().length;
    const place = errorPlace(message, asked.trimStart());
    return (
      place && {
        from: place.from + offset,
        to: place.to + offset,
        message: message.split(" Expected one of")[0] ?? message,
      }
    );
  });
  const where = () => {
    if (!fault.value || !problem.value) return null;
    const before = problem.value.asked.slice(0, fault.value.from).split("\n");
    return t("sql.at", { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
  };
  const choose = (text: string) => {
    statement.value = text;
    problem.value = null;
    document.querySelector('[data-room="statement"]')?.scrollIntoView({ block: "nearest" });
  };
  const copyLink = async () => {
    const link = new URL(location.href);
    link.searchParams.set("q", statement.value);
    await navigator.clipboard?.writeText(link.href).catch(() => undefined);
    isCopied.value = true;
    setTimeout(() => {
      isCopied.value = false;
    }, 2_000);
  };
  const keep = (event: Event) => {
    event.preventDefault();
    if (name.value.trim() === "" || statement.value.trim() === "") return;
    save({ name: name.value.trim(), statement: statement.value });
    name.value = "";
  };

  const outcome = () => {
    if (state.value === "running") {
      return (
        <div class="state state-loading" role="status">
          {t("sql.running", { seconds: seconds.value.toFixed(1) })}
        </div>
      );
    }
    if (problem.value) {
      return (
        <div class="sql-problem" role="alert">
          {where() ? <strong>{where()}</strong> : null}
          <p>{problem.value.message}</p>
        </div>
      );
    }
    if (result.value) return <SqlResult result={result.value} view={view} />;
    return <div class="state state-empty">{t(state.value === "cancelled" ? "sql.cancelled" : "sql.notRun")}</div>;
  };

  return () => (
    <>
      <div class="head">
        <h1>{t("sql.title")}</h1>
        <span class="faint">{t(catalogue.data?.raw ? "sql.aboutRaw" : "sql.about")}</span>
      </div>
      <div class="sql-page">
        <section class="room sql-write" data-room="statement" aria-label={t("sql.editor")}>
          <SqlEditor
            ref={editor}
            statement={statement.value}
            catalogue={catalogue.data}
            fault={fault.value}
            onChange={(text) => {
              statement.value = text;
            }}
            onRun={() => void run()}
          />
          <div class="sql-bar">
            {state.value === "running" ? (
              <button type="button" class="primary" data-do="cancel" onClick={() => abort.abort()}>
                {t("sql.cancel")}
              </button>
            ) : (
              <button
                type="button"
                class="primary"
                data-do="run"
                disabled={statement.value.trim() === ""}
                onClick={() => void run()}
              >
                {t("sql.run")} <kbd>{t("sql.runKey")}</kbd>
              </button>
            )}
            <span class="faint" role="status" data-figure="spent">
              {state.value === "done" && result.value
                ? t("sql.spent", {
                    rows: number(result.value.rows.length),
                    ms: number(result.value.elapsed_ms),
                    read: number(result.value.rows_read),
                    bytes: quantity(result.value.bytes_read, "B"),
                  })
                : ""}
            </span>
            <form class="sql-save" onSubmit={keep}>
              <label>
                <span class="unseen">{t("sql.saveAs")}</span>
                <input
                  id="sql-name"
                  placeholder={t("sql.saveAs")}
                  value={name.value}
                  onInput={(event) => {
                    name.value = (event.target as HTMLInputElement).value;
                  }}
                />
              </label>
              <button type="submit" data-do="save">
                {t("sql.save")}
              </button>
              <button type="button" data-do="link" onClick={() => void copyLink()}>
                {t(isCopied.value ? "sql.copied" : "sql.copy")}
              </button>
            </form>
          </div>
        </section>
        <SqlSide answer={catalogue} onChoose={choose} onInsert={(text: string) => editor.value?.insert(text)} />
        <section class="room sql-outcome" data-room="result" aria-label={t("sql.result")}>
          {outcome()}
        </section>
      </div>
    </>
  );
});
