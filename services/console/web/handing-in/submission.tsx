import type { api } from "@v6meter/schemas";
import { defineComponent, type PropType, ref } from "vue";
import { ApiProblem, tell } from "../api/client.ts";
import { t } from "../messages/index.ts";
import { moment } from "../names/format.ts";
import { isOpen } from "../session/session.ts";
import { Confirm } from "../view/confirm.tsx";
import { Select } from "../view/select.tsx";
import { SubmissionSheet } from "./sheet.tsx";

const DEEDS = { submit: "draft", accept: "submitted", return: "submitted" } as const;
type Deed = keyof typeof DEEDS;

/** One submission: its versions with their findings, what became of each, and what its reader may do with the newest. */
export const SubmissionDetail = defineComponent({
  props: {
    submission: { type: Object as PropType<api.Submission>, required: true },
    /** The version that is looked at; empty: the newest. */
    version: { type: String, required: true },
  },
  emits: { look: (_version: string) => true, changed: () => true },
  setup(props, { emit }) {
    const deed = ref<Deed | null>(null);
    const reason = ref("");
    const isConfirmed = ref(false);
    const problem = ref("");
    const isBusy = ref(false);
    const shown = () =>
      props.submission.versions.find(({ version }) => String(version) === props.version) ??
      (props.submission.versions[0] as api.Submission["versions"][number]);
    const act = async () => {
      if (!deed.value) return;
      isBusy.value = true;
      problem.value = "";
      const body = {
        version: props.submission.version,
        ...(deed.value === "submit" && { confirm: isConfirmed.value }),
        ...(deed.value === "return" && { reason: reason.value }),
      };
      try {
        await tell(`/api/v1/submissions/${encodeURIComponent(props.submission.id)}/${deed.value}`, { body });
        deed.value = null;
        reason.value = "";
        emit("look", "");
        emit("changed");
      } catch (error) {
        problem.value = (error instanceof ApiProblem && error.message) || t("state.unreachable");
      }
      isBusy.value = false;
    };
    const may = (name: Deed) =>
      props.submission.state === DEEDS[name] &&
      isOpen([`POST /api/v1/submissions/:id/${name}`]) &&
      !(name === "submit" && props.submission.errors > 0);

    return () => {
      const { submission } = props;
      const version = shown();
      return (
        <section class="room submission" data-room="submission" aria-label={submission.id}>
          <div class="controls">
            <h2>{submission.id}</h2>
            <span class={["badge", `badge-${version.state}`]}>{t(`handingIn.${version.state}`)}</span>
            <Select
              label={t("handingIn.version")}
              value={String(version.version)}
              options={submission.versions.map(
                (it) => [String(it.version), `${it.version} · ${t(`handingIn.${it.state}`)}`] as const,
              )}
              onChoose={(name) => emit("look", name)}
            />
            <span class="faint" data-figure="counts">
              {t("handingIn.counts", { rows: version.rows.length, errors: version.errors, warnings: version.warnings })}
            </span>
            <span class="deeds">
              {(Object.keys(DEEDS) as Deed[]).filter(may).map((name) => (
                <button
                  key={name}
                  type="button"
                  class={name === "return" ? "" : "primary"}
                  data-do={name}
                  onClick={() => {
                    deed.value = name;
                  }}
                >
                  {t(`handingIn.${name}`)}
                </button>
              ))}
            </span>
          </div>
          {version.reason ? (
            <p class="partial" role="note">
              {t("handingIn.reason")}: {version.reason}
            </p>
          ) : null}
          {version.messages.length === 0 ? <p class="faint">{t("handingIn.fine")}</p> : null}
          <SubmissionSheet version={version} />
          {version.restatement && version.restatement.length > 0 ? (
            <details open>
              <summary>{t("handingIn.restatement")}</summary>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t("handingIn.row")}</th>
                    {["previous", "value", "difference"].map((name) => (
                      <th scope="col" key={name}>
                        {t(`handingIn.${name}`)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {version.restatement.map(({ previous, value, difference, ...words }, i) => (
                    <tr key={i}>
                      <td>{Object.values(words).join(" · ")}</td>
                      <td>{previous ?? "—"}</td>
                      <td>{value ?? "—"}</td>
                      <td>{difference ?? "—"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </details>
          ) : null}
          <details>
            <summary>{t("handingIn.history")}</summary>
            <ol class="history">
              {submission.versions.flatMap((it) =>
                it.changes.toReversed().map(({ state, at, by, role }) => (
                  <li key={`${it.version} ${state}`}>
                    {it.version}:{" "}
                    {t("handingIn.change", {
                      state: t(`handingIn.${state}`),
                      by,
                      role: t(`roles.${role}`),
                      at: moment(at),
                    })}
                  </li>
                )),
              )}
            </ol>
          </details>
          {deed.value ? (
            <Confirm
              title={t(`handingIn.${deed.value}Title`, { id: submission.id, version: submission.version })}
              text={t(`handingIn.${deed.value}Text`)}
              action={t(`handingIn.${deed.value}`)}
              problem={problem.value}
              isBusy={isBusy.value}
              onYes={() => void act()}
              onNo={() => {
                deed.value = null;
                problem.value = "";
              }}
            >
              {deed.value === "submit" && submission.warnings > 0 ? (
                <label>
                  <input
                    id="confirm-warnings"
                    type="checkbox"
                    checked={isConfirmed.value}
                    onChange={(event) => {
                      isConfirmed.value = (event.target as HTMLInputElement).checked;
                    }}
                  />
                  {t("handingIn.confirmWarnings", { warnings: submission.warnings })}
                </label>
              ) : null}
              {deed.value === "return" ? (
                <label class="field">
                  {t("handingIn.reason")}
                  <textarea
                    id="reason"
                    required
                    maxlength={2000}
                    rows={4}
                    value={reason.value}
                    onInput={(event) => {
                      reason.value = (event.target as HTMLTextAreaElement).value;
                    }}
                  />
                </label>
              ) : null}
            </Confirm>
          ) : null}
        </section>
      );
    };
  },
});
