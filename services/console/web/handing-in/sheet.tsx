import type { api } from "@v6meter/schemas";
import type { FunctionalComponent } from "vue";
import { language, t } from "../messages/index.ts";

type Version = api.Submission["versions"][number];
type Message = Version["messages"][number];

/** The columns of a version, as its rows and findings name them. */
const columnsOf = ({ rows, messages }: Version) => [
  ...new Set([
    ...rows.flatMap(({ cells }) => Object.keys(cells)),
    ...messages.flatMap(({ column }) => (column === null ? [] : [column])),
  ]),
];

const Finding: FunctionalComponent<{ of: Message }> = ({ of }) => (
  <small class={`finding finding-${of.severity}`}>{of[language.value]}</small>
);
Finding.props = ["of"];

/** The rows of a version as they stand in its file, each finding at its cell, those of a row or the file apart. */
export const SubmissionSheet: FunctionalComponent<{ version: Version }> = ({ version }) => {
  const columns = columnsOf(version);
  const lines = new Set([
    ...version.rows.map(({ row }) => row),
    ...version.messages.flatMap(({ row }) => (row === null ? [] : [row])),
  ]);
  const cellsOf = new Map(version.rows.map(({ row, cells }) => [row, cells]));
  const ofFile = version.messages.filter(({ row }) => row === null);
  return (
    <>
      {ofFile.length > 0 ? (
        <details class="of-file" open={ofFile.length <= 8}>
          <summary>
            {t("handingIn.findings")} ({ofFile.length})
          </summary>
          <ul class="scroll" tabindex={0} aria-label={t("handingIn.findings")}>
            {ofFile.map((it, i) => (
              <li key={i}>
                <Finding of={it} />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      <section class="scroll sheet" tabindex={0} aria-label={t("handingIn.list")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("handingIn.row")}</th>
              {columns.map((name) => (
                <th scope="col" key={name} class="words">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...lines]
              .sort((a, b) => a - b)
              .map((line) => {
                const found = version.messages.filter(({ row }) => row === line);
                return (
                  <tr key={line} data-row={line}>
                    <th scope="row">
                      {line}
                      {found
                        .filter(({ column }) => column === null)
                        .map((it, i) => (
                          <Finding key={i} of={it} />
                        ))}
                    </th>
                    {columns.map((name) => {
                      const at = found.filter(({ column }) => column === name);
                      return (
                        <td key={name} class={["words", at[0] && `cell-${at[0].severity}`]} data-column={name}>
                          {cellsOf.get(line)?.[name] ?? ""}
                          {at.map((it, i) => (
                            <Finding key={i} of={it} />
                          ))}
                        </td>
                      );
                    })}
                  </tr>
                );
              })}
          </tbody>
        </table>
      </section>
    </>
  );
};
SubmissionSheet.props = ["version"];
