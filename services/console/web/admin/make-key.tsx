import type { api } from "@v6meter/schemas";
import { ROLE_NAMES, type Role } from "@v6meter/schemas/words";
import { defineComponent, ref } from "vue";
import { ApiProblem, tell } from "../api/client.ts";
import { language, t } from "../messages/index.ts";
import { registry } from "../names/names.ts";
import { identity } from "../session/session.ts";
import { useDialog } from "../view/dialog.ts";
import { Select } from "../view/select.tsx";

/** Days a key may be made for; empty: until it is revoked. */
const DAYS = ["30", "90", "365", ""] as const;

/** Asks what a key is to be, and makes it. */
export const MakeKey = defineComponent(
  (_props: object, { emit }) => {
    const dialog = useDialog();
    const [name, unit, days] = [ref(""), ref(""), ref<string>("365")];
    const role = ref<Role>("analyst");
    const isRaw = ref(false);
    const problem = ref("");
    const isBusy = ref(false);
    const make = async (event: Event) => {
      event.preventDefault();
      problem.value = "";
      isBusy.value = true;
      const body = {
        name: name.value,
        role: role.value,
        operator: role.value === "operator" ? unit.value : null,
        raw: role.value === "administrator" && isRaw.value,
        days: days.value === "" ? null : Number(days.value),
      };
      try {
        emit("made", await tell<api.MadeKey>("/api/v1/keys", { body }));
      } catch (error) {
        problem.value = (error instanceof ApiProblem && error.message) || t("state.unreachable");
      }
      isBusy.value = false;
    };
    const text = (event: Event) => (event.target as HTMLInputElement).value.trim();

    return () => (
      <dialog ref={dialog} class="confirm make-key" aria-labelledby="make-title" onClose={() => emit("no")}>
        <form onSubmit={make}>
          <h2 id="make-title">{t("admin.make")}</h2>
          <label class="field">
            {t("admin.name")}
            <input
              id="key-name"
              required
              maxlength={64}
              pattern="[a-z0-9][a-z0-9._\-]*"
              autocomplete="off"
              value={name.value}
              onInput={(event) => {
                name.value = text(event);
              }}
            />
            <small>{t("admin.nameAllowed")}</small>
          </label>
          <div class="controls">
            <Select
              label={t("admin.role")}
              value={role.value}
              options={ROLE_NAMES.map((it) => [it, t(`roles.${it}`)] as const)}
              onChoose={(it) => {
                role.value = it as Role;
              }}
            />
            <Select
              label={t("admin.lasts")}
              value={days.value}
              options={DAYS.map((it) => [it, it === "" ? t("admin.forever") : t("admin.days", { days: it })] as const)}
              onChoose={(it) => {
                days.value = it;
              }}
            />
          </div>
          {role.value === "operator" ? (
            <label class="field">
              {t("admin.unit")}
              <input
                id="key-unit"
                required
                maxlength={64}
                list="key-units"
                value={unit.value}
                onInput={(event) => {
                  unit.value = text(event);
                }}
              />
              <datalist id="key-units">
                {registry.value.operators.map((it) => (
                  <option key={it.id} value={it.id}>
                    {it[language.value]}
                  </option>
                ))}
              </datalist>
              <small>{t("admin.unitAllowed")}</small>
            </label>
          ) : null}
          {role.value === "administrator" && identity.value?.raw ? (
            <label>
              <input
                id="key-raw"
                type="checkbox"
                checked={isRaw.value}
                onChange={(event) => {
                  isRaw.value = (event.target as HTMLInputElement).checked;
                }}
              />{" "}
              {t("admin.rawText")}
            </label>
          ) : null}
          {problem.value ? (
            <p class="wrong" role="alert">
              {problem.value}
            </p>
          ) : null}
          <div class="controls">
            <button type="submit" class="primary" data-do="make-it" disabled={isBusy.value}>
              {t("admin.make")}
            </button>
            <button type="button" data-do="no" onClick={() => emit("no")}>
              {t("frame.cancel")}
            </button>
          </div>
        </form>
      </dialog>
    );
  },
  { emits: { made: (_key: api.MadeKey) => true, no: () => true } },
);
