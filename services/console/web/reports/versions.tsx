import type { FunctionalComponent } from "vue";
import { t } from "../messages/index.ts";
import { moment, number } from "../names/format.ts";
import type { ReportMonth } from "./months.ts";

/** The versions of a month: when each was taken and published, how many figures it changed, and why. */
export const ReportVersions: FunctionalComponent<{
  versions: ReportMonth["versions"];
  onChoose: (id: string) => void;
}> = ({ versions, onChoose }) => (
  <section class="room room-wide" data-room="versions" aria-label={t("reports.versions")}>
    <section class="scroll" tabindex={0} aria-label={t("reports.versions")}>
      <table>
        <thead>
          <tr>
            {["versions", "months", "takenAt", "dataCut", "publishedAt", "differing", "reason"].map((name) => (
              <th key={name} scope="col" class={name === "reason" ? "words" : ""}>
                {t(name === "months" ? "word.stage" : `reports.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {versions.map((it) => (
            <tr key={`${it.id} ${it.state}`} data-version={it.id}>
              <td>
                {it.state === "taken" ? (
                  <button type="button" class="bare link" onClick={() => onChoose(it.id)}>
                    {it.id}
                  </button>
                ) : (
                  it.id
                )}
              </td>
              <td>{t(`reports.${it.state === "taken" ? (it.published_at ? "published" : "closed") : it.state}`)}</td>
              <td>{moment(it.taken_at)}</td>
              <td>{moment(it.data_cut)}</td>
              <td>{moment(it.published_at)}</td>
              <td>{number(it.differing)}</td>
              <td class="words">{it.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {versions.length === 0 ? <div class="state state-empty">{t("reports.unfrozen")}</div> : null}
    </section>
  </section>
);
ReportVersions.props = ["versions", "onChoose"];
