import type { api } from "@v6meter/schemas";
import { defineComponent } from "vue";
import { type Answer, useAnswer } from "../api/answer.ts";
import { t } from "../messages/index.ts";
import { moment, number } from "../names/format.ts";

const REFRESH_MS = 15_000;
const ENTRIES = ["regions", "operators", "prefixes", "exporters"] as const;

interface Problem {
  readonly file: string;
  readonly line: number | null;
  readonly problem: string;
}

/** The registry in force, why its files may not be, and files of the catalogue that are not served. */
export const RegistryRoom = defineComponent(() => {
  const state = useAnswer<api.RegistryState>(() => ({ path: "/api/v1/registry/state" }), { everyMs: REFRESH_MS });
  const catalogue = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }), { everyMs: REFRESH_MS });

  const table = (name: string, label: string, problems: readonly Problem[]) => (
    <section class="scroll" tabindex={0} aria-label={label}>
      <table data-problems={name}>
        <thead>
          <tr>
            {["file", "line", "problem"].map((it) => (
              <th key={it} scope="col" class="words">
                {t(`admin.${it}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {problems.map(({ file, line, problem }, i) => (
            <tr key={i}>
              <td class="words">
                <code>{file}</code>
              </td>
              <td class="words">{line ?? t("admin.wholeFile")}</td>
              <td class="words">{problem}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
  /** What stands where an answer is not there. */
  const missing = (answer: Answer<unknown>) =>
    answer.problem ? (
      <p class="wrong" role="alert">
        {answer.problem.message || t("state.unreachable")}
      </p>
    ) : answer.data === null ? (
      <div class="state state-loading">{t("state.loading")}</div>
    ) : null;

  const inForce = ({ folder, version, since, entries, refused }: api.RegistryState) => (
    <>
      {refused ? (
        <>
          <p class="partial" role="alert">
            {t("admin.refused", { at: moment(refused.since) })}
          </p>
          {table("registry", t("admin.registry"), refused.problems)}
          {refused.more > 0 ? <p class="faint">{t("admin.more", { more: number(refused.more) })}</p> : null}
        </>
      ) : (
        <p data-figure="in-force">{t("admin.inForce")}</p>
      )}
      <dl class="facts">
        {[
          [t("admin.since"), moment(since)] as const,
          [t("admin.version"), version ?? "—"] as const,
          [t("admin.folder"), folder ?? t("admin.builtIn")] as const,
          ...ENTRIES.map((name) => [t(`admin.${name}`), number(entries[name])] as const),
        ].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
  const served = ({ refused }: api.Indicators) =>
    refused.length === 0 ? (
      <p class="faint">{t("admin.catalogueFine")}</p>
    ) : (
      <>
        <p class="partial" role="alert">
          {t("admin.catalogueRefused")}
        </p>
        {table(
          "catalogue",
          t("admin.catalogueRefused"),
          refused.map(({ file, line, reason }) => ({ file, line: line || null, problem: reason })),
        )}
      </>
    );

  return () => (
    <section class="room room-wide" data-room="registry" aria-labelledby="registry-title">
      <header>
        <h2 id="registry-title">{t("admin.registry")}</h2>
      </header>
      {missing(state) ?? (state.data && inForce(state.data))}
      {missing(catalogue) ?? (catalogue.data && served(catalogue.data))}
    </section>
  );
});
