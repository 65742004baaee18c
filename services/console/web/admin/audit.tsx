import type { api } from "@v6meter/schemas";
import { AUDIT_ACTIONS } from "@v6meter/schemas/words";
import { computed, defineComponent, watch } from "vue";
import { useAnswer } from "../api/answer.ts";
import type { Column } from "../chart/csv.ts";
import { ListTable } from "../chart/list-table.tsx";
import { Room } from "../chart/room.tsx";
import { t } from "../messages/index.ts";
import { useNow } from "../view/now.ts";
import { periodOf } from "../view/period.ts";
import { PeriodPicker } from "../view/period-picker.tsx";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";

const PAGE_ROWS = 50;
const PERIODS = ["24h", "7d", "30d", "365d"] as const;
/** Details longer than this are opened by the reader. */
const SHORT_LENGTH = 120;

type Entry = api.AuditEntries["entries"][number];

const OUTCOMES: readonly string[] = ["started", "done"];
const outcomeOf = ({ outcome }: Entry) => (OUTCOMES.includes(outcome) ? t(`admin.outcomes.${outcome}`) : outcome);
const detailOf = ({ detail }: Entry) =>
  Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name}: ${value}`)
    .join(" · ");
/** An instant of the log, to the second. */
const second = (at: string) => at.slice(0, 19).replace("T", " ");

const columns = (): Column<Entry>[] => [
  { name: "at", title: t("word.at"), value: (it) => it.at, text: (it) => second(it.at) },
  { name: "actor", title: t("admin.actor"), value: (it) => it.actor.name },
  { name: "from", title: t("admin.from"), value: (it) => it.from },
  { name: "action", title: t("admin.action"), value: (it) => it.action, text: (it) => t(`admin.actions.${it.action}`) },
  { name: "outcome", title: t("admin.outcome"), value: (it) => it.outcome, text: outcomeOf },
  { name: "detail", title: t("admin.detail"), value: detailOf },
];

/** The audit log by time, by who and by what; filters and page stand in the address. */
export const AuditRoom = defineComponent(
  (props: { changes: number }) => {
    const view = useView({ period: "", actor: "", action: "", page: "" });
    const nowMs = useNow(60_000);
    const period = computed(() => periodOf(view.get("period") || "24h", nowMs.value));
    const answer = useAnswer<api.AuditEntries>(() => ({
      path: "/api/v1/audit",
      parameters: {
        ...(view.get("period") !== "" && { from: period.value.from, to: period.value.to }),
        actor: view.get("actor") || undefined,
        action: view.get("action") || undefined,
        limit: String(PAGE_ROWS),
        page: view.get("page") || undefined,
      },
    }));
    watch(
      () => props.changes,
      () => answer.reload(),
    );
    const choose = (change: { period?: string; actor?: string; action?: string }) => view.set({ ...change, page: "" });

    const who = ({ actor }: Entry) =>
      actor.name === "" ? (
        t("admin.actorKind.unknown")
      ) : (
        <button type="button" class="bare link" onClick={() => choose({ actor: actor.name })}>
          {actor.name}
        </button>
      );
    const detail = (it: Entry) => {
      const text = detailOf(it);
      if (text.length <= SHORT_LENGTH) return <code>{text}</code>;
      return (
        <details>
          <summary>
            <code>{text.slice(0, SHORT_LENGTH)}…</code>
          </summary>
          <code>{text}</code>
        </details>
      );
    };
    const row = (it: Entry) => (
      <tr key={it.seq} data-entry={it.seq}>
        {columns().map(({ name, value, text }) => (
          <td key={name} class={["words", name === "detail" && "detail"]}>
            {name === "actor" ? (
              <>
                {who(it)} <small class="faint">{t(`admin.actorKind.${it.actor.kind}`)}</small>
              </>
            ) : name === "detail" ? (
              detail(it)
            ) : text ? (
              text(it)
            ) : (
              (value(it) ?? "—")
            )}
          </td>
        ))}
      </tr>
    );

    const filters = () => (
      <div class="controls">
        <PeriodPicker
          name="audit"
          label={t("period.title")}
          value={view.get("period")}
          options={[["", t("admin.always")], ...PERIODS.map((word) => [word, t(`period.${word}`)] as const)]}
          current={period.value}
          onChoose={(word) => choose({ period: word })}
        />
        <Select
          label={t("admin.action")}
          value={view.get("action")}
          options={[
            ["", t("admin.anything")],
            ...Object.keys(AUDIT_ACTIONS).map((word) => [word, t(`admin.actions.${word}`)] as const),
          ]}
          onChoose={(action) => choose({ action })}
        />
        <label>
          {t("admin.actor")}
          <input
            id="actor"
            type="search"
            class="search"
            maxlength={256}
            placeholder={t("admin.anything")}
            value={view.get("actor")}
            onChange={(event) => choose({ actor: (event.target as HTMLInputElement).value.trim() })}
          />
        </label>
        <button type="button" data-do="newest" disabled={view.get("page") === ""} onClick={() => view.go({ page: "" })}>
          {t("admin.newest")}
        </button>
        <button
          type="button"
          data-do="older"
          disabled={!answer.data?.next}
          onClick={() => view.go({ page: answer.data?.next ?? "" })}
        >
          {t("admin.older")}
        </button>
      </div>
    );

    return () => (
      <Room
        name="audit"
        wide
        list
        unstored
        title={t("admin.audit")}
        definition={t("admin.auditDefinition")}
        answer={answer}
        columns={columns()}
        rows={answer.data?.entries ?? []}
        empty={answer.data?.next ? t("admin.goesOn") : t("admin.noEntries")}
      >
        {{
          controls: filters,
          default: () => (
            <>
              {answer.data?.unreadable ? (
                <p class="partial" role="alert">
                  {t("admin.unreadable", { lines: answer.data.unreadable })}
                </p>
              ) : null}
              <ListTable class="entries" label={t("admin.audit")} columns={columns()}>
                {{ default: () => answer.data?.entries.map(row) }}
              </ListTable>
            </>
          ),
        }}
      </Room>
    );
  },
  { props: ["changes"] },
);
