import type { api } from "@v6meter/schemas";
import { defineComponent, ref } from "vue";
import { useAnswer } from "../api/answer.ts";
import { ApiProblem, tell } from "../api/client.ts";
import type { Column } from "../chart/csv.ts";
import { ListTable } from "../chart/list-table.tsx";
import { Room } from "../chart/room.tsx";
import { t } from "../messages/index.ts";
import { moment } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { identity } from "../session/session.ts";
import { Confirm } from "../view/confirm.tsx";
import { MakeKey } from "./make-key.tsx";
import { Secret } from "./secret.tsx";

const REFRESH_MS = 60_000;

const columns = (): Column<api.ListedKey>[] => [
  { name: "name", title: t("admin.name"), value: (it) => it.name },
  { name: "role", title: t("admin.role"), value: (it) => it.role, text: (it) => t(`roles.${it.role}`) },
  {
    name: "operator",
    title: t("admin.unit"),
    value: (it) => it.operator,
    text: (it) => (it.operator === null ? "—" : nameOf("operator", it.operator)),
  },
  { name: "raw", title: t("admin.raw"), value: (it) => String(it.raw), text: (it) => (it.raw ? "✓" : "—") },
  { name: "created_at", title: t("admin.created"), value: (it) => it.created_at, text: (it) => moment(it.created_at) },
  {
    name: "expires_at",
    title: t("admin.expires"),
    value: (it) => it.expires_at,
    text: (it) => (it.expires_at === null ? t("admin.never") : moment(it.expires_at)),
  },
  {
    name: "last_used_at",
    title: t("admin.lastUsed"),
    value: (it) => it.last_used_at,
    text: (it) => moment(it.last_used_at),
  },
];

/** The named keys: made, shown once, revoked. */
export const KeysRoom = defineComponent(
  (_props: object, { emit }) => {
    const answer = useAnswer<api.Keys>(() => ({ path: "/api/v1/keys" }), { everyMs: REFRESH_MS });
    const made = ref<api.MadeKey | null>(null);
    const isMaking = ref(false);
    const revoking = ref<string | null>(null);
    const problem = ref("");
    const isBusy = ref(false);
    const told = ref("");
    const changed = () => {
      answer.reload();
      emit("changed");
    };
    const revoke = async () => {
      const name = revoking.value as string;
      problem.value = "";
      isBusy.value = true;
      try {
        await tell(`/api/v1/keys/${encodeURIComponent(name)}`, { method: "DELETE" });
        revoking.value = null;
        told.value = t("admin.revoked", { name });
        if (made.value?.name === name) made.value = null;
        changed();
      } catch (error) {
        problem.value = (error instanceof ApiProblem && error.message) || t("state.unreachable");
      }
      isBusy.value = false;
    };

    const row = (it: api.ListedKey) => (
      <tr key={it.name} data-key={it.name}>
        {columns().map(({ name, value, text }) => (
          <td key={name} class="words">
            {text ? text(it) : value(it)}
            {name === "expires_at" && it.expired ? <span class="badge badge-error">{t("admin.expired")}</span> : null}
          </td>
        ))}
        <td>
          {it.name === identity.value?.name ? (
            <span class="badge">{t("admin.own")}</span>
          ) : (
            <button
              type="button"
              data-do="revoke"
              aria-label={`${t("admin.revoke")} ${it.name}`}
              onClick={() => {
                revoking.value = it.name;
              }}
            >
              {t("admin.revoke")}
            </button>
          )}
        </td>
      </tr>
    );

    return () => (
      <>
        {made.value ? (
          <Secret
            made={made.value}
            onKept={() => {
              made.value = null;
            }}
          />
        ) : null}
        <Room
          name="keys"
          wide
          list
          unstored
          title={t("admin.keys")}
          definition={t("admin.keysDefinition")}
          answer={answer}
          columns={columns()}
          rows={answer.data?.keys ?? []}
          empty={t("admin.noKeys")}
        >
          {{
            controls: () => (
              <div class="controls">
                <span class="faint" role="status">
                  {told.value}
                </span>
                <button
                  type="button"
                  class="primary"
                  data-do="make"
                  onClick={() => {
                    isMaking.value = true;
                  }}
                >
                  {t("admin.make")}
                </button>
              </div>
            ),
            default: () => (
              <ListTable acts label={t("admin.keys")} columns={columns()}>
                {{ default: () => answer.data?.keys.map(row) }}
              </ListTable>
            ),
          }}
        </Room>
        {isMaking.value ? (
          <MakeKey
            onMade={(key: api.MadeKey) => {
              isMaking.value = false;
              told.value = "";
              made.value = key;
              changed();
            }}
            onNo={() => {
              isMaking.value = false;
            }}
          />
        ) : null}
        {revoking.value !== null ? (
          <Confirm
            title={t("admin.revokeTitle", { name: revoking.value })}
            text={t("admin.revokeText")}
            action={t("admin.revoke")}
            problem={problem.value}
            isBusy={isBusy.value}
            onYes={() => void revoke()}
            onNo={() => {
              revoking.value = null;
              problem.value = "";
            }}
          />
        ) : null}
      </>
    );
  },
  { emits: { changed: () => true } },
);
