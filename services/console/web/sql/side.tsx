import type { api } from "@v6meter/schemas";
import { defineComponent, type PropType, ref } from "vue";
import type { Answer } from "../api/answer.ts";
import { language, t } from "../messages/index.ts";
import { Choice } from "../view/choice.tsx";
import { forget, saved } from "./saved.ts";

const TABS = ["questions", "views", "saved"] as const;

/** What a statement can begin from: questions, the views with their columns, and what was saved. */
export const SqlSide = defineComponent({
  props: { answer: { type: Object as PropType<Answer<api.SqlCatalogue>>, required: true } },
  emits: { choose: (_statement: string) => true, insert: (_text: string) => true },
  setup(props, { emit }) {
    const tab = ref<(typeof TABS)[number]>("questions");
    const typed = ref("");
    const fits = (...texts: string[]) => texts.join(" ").toLowerCase().includes(typed.value.trim().toLowerCase());

    const questions = ({ questions: all }: api.SqlCatalogue) => {
      const found = all.filter(({ name, zh, en }) => fits(name, zh, en));
      return (
        <ul>
          {found.map(({ name, zh, en, statement }) => (
            <li key={name}>
              <button
                type="button"
                class="bare"
                data-question={name}
                title={en}
                onClick={() => emit("choose", statement)}
              >
                {language.value === "zh" ? zh : name.replaceAll("-", " ")}
                {language.value === "zh" ? null : <small>{en}</small>}
              </button>
            </li>
          ))}
          {found.length === 0 ? <li class="faint">{t("sql.noneFound")}</li> : null}
        </ul>
      );
    };
    const views = ({ database, raw, views: all }: api.SqlCatalogue) => {
      const found = all.filter(({ name, columns }) => fits(name, ...columns.map((column) => column.name)));
      return (
        <ul>
          {found.map(({ name, columns }) => (
            <li key={name}>
              <details open={typed.value !== "" && found.length < 3}>
                <summary>
                  <code>{name}</code> <small>{columns.length}</small>
                </summary>
                <button
                  type="button"
                  class="bare insert"
                  aria-label={t("sql.insert", { name })}
                  onClick={() => emit("insert", raw ? `${database}.${name}` : name)}
                >
                  + <code>{raw ? `${database}.${name}` : name}</code>
                </button>
                <ul>
                  {columns.map((column) => (
                    <li key={column.name}>
                      <button
                        type="button"
                        class="bare"
                        title={column.doc}
                        aria-label={t("sql.insert", { name: column.name })}
                        onClick={() => emit("insert", column.name)}
                      >
                        <code>{column.name}</code> <small>{column.type}</small>
                      </button>
                    </li>
                  ))}
                </ul>
              </details>
            </li>
          ))}
          {found.length === 0 ? <li class="faint">{t("sql.noneFound")}</li> : null}
        </ul>
      );
    };
    const kept = () => {
      const found = saved.value.filter(({ name, statement }) => fits(name, statement));
      return (
        <ul>
          {found.map(({ name, statement }) => (
            <li key={name} class="kept">
              <button type="button" class="bare" data-saved={name} onClick={() => emit("choose", statement)}>
                {name}
              </button>
              <button type="button" class="bare" aria-label={t("sql.remove", { name })} onClick={() => forget(name)}>
                ✕
              </button>
            </li>
          ))}
          {found.length === 0 ? (
            <li class="faint">{t(saved.value.length === 0 ? "sql.noneSaved" : "sql.noneFound")}</li>
          ) : null}
        </ul>
      );
    };

    return () => {
      const { data, problem } = props.answer;
      const offered = () => {
        if (tab.value === "saved") return kept();
        if (problem) return <p class="state-error">{problem.message || t("state.unreachable")}</p>;
        if (!data) return <div class="state state-loading">{t("state.loading")}</div>;
        return tab.value === "questions" ? questions(data) : views(data);
      };
      return (
        <aside class="room sql-side" data-room="start" aria-label={t("sql.side")}>
          <Choice
            label={t("sql.side")}
            value={tab.value}
            options={TABS.map((name) => [name, t(`sql.${name}`)] as const)}
            onChoose={(name) => {
              tab.value = name as (typeof TABS)[number];
            }}
          />
          <label class="find">
            <span class="unseen">{t("sql.find")}</span>
            <input
              type="search"
              placeholder={t("sql.find")}
              value={typed.value}
              onInput={(event) => {
                typed.value = (event.target as HTMLInputElement).value;
              }}
            />
          </label>
          <section class="sql-list" tabindex={0} aria-label={t(`sql.${tab.value}`)}>
            {offered()}
          </section>
        </aside>
      );
    };
  },
});
