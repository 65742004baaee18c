import { defineComponent, onMounted, onUpdated, type PropType, ref, type SlotsType } from "vue";
import type { Answer } from "../api/answer.ts";
import { addressOf } from "../api/client.ts";
import { t } from "../messages/index.ts";
import { percent } from "../names/format.ts";
import { type Column, saveCsv, saveFile } from "./csv.ts";
import { SqlPanel } from "./sql-panel.tsx";

/** Rows shown in the table of a room; the CSV has them all. */
const ROWS_SHOWN = 400;

/**
 * The room of a chart: what it shows and by which definition, the question it was asked by, its figures as a table,
 * CSV and PNG, a link to this view; and what is shown while there is nothing, not all, or an error.
 */
export const Room = defineComponent({
  props: {
    /** Name of the room in tests and files. */
    name: { type: String, required: true },
    title: { type: String, required: true },
    definition: { type: String, required: true },
    answer: { type: Object as PropType<Answer<unknown>>, required: true },
    columns: { type: Array as PropType<Column<never>[]>, required: true },
    rows: { type: Array as PropType<readonly unknown[]>, required: true },
    completeness: { type: Number as PropType<number | null>, default: null },
    /** What is said where the answer has no rows. */
    empty: { type: String, default: "" },
    wide: { type: Boolean, default: false },
    /** The slot is no chart but the table itself: neither a second one nor a picture is offered. */
    list: { type: Boolean, default: false },
    /** Its answer is not of the store: no SQL stands behind it. */
    unstored: { type: Boolean, default: false },
  },
  slots: Object as SlotsType<{ default: object; controls: object }>,
  setup(props, { slots }) {
    const body = ref<HTMLElement>();
    const isCopied = ref(false);
    /** Whether something of the room is drawn, and not only written. */
    const hasPicture = ref(false);
    const look = () => {
      hasPicture.value = body.value?.querySelector(".chart") != null;
    };
    onMounted(look);
    onUpdated(look);
    const columns = () => props.columns as unknown as Column<unknown>[];
    const savePng = () => {
      const canvas = body.value?.querySelector("canvas");
      if (!canvas) return;
      const picture = document.createElement("canvas");
      picture.width = canvas.width;
      picture.height = canvas.height;
      const pen = picture.getContext("2d");
      if (!pen) return;
      pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface");
      pen.fillRect(0, 0, picture.width, picture.height);
      pen.drawImage(canvas, 0, 0);
      saveFile(`v6meter-${props.name}.png`, picture.toDataURL("image/png"));
    };
    const copyLink = async () => {
      await navigator.clipboard?.writeText(location.href).catch(() => undefined);
      isCopied.value = true;
      setTimeout(() => {
        isCopied.value = false;
      }, 2_000);
    };

    const state = () => {
      const { problem, data, loading } = props.answer;
      if (problem) {
        return (
          <div class="state state-error" role="alert">
            <p>{problem.code === "UNREACHABLE" ? t("state.unreachable") : problem.message}</p>
            <button type="button" onClick={() => props.answer.reload()}>
              {t("state.again")}
            </button>
          </div>
        );
      }
      if (data === null) {
        return loading ? (
          <div class="state state-loading" role="status">
            {t("state.loading")}
          </div>
        ) : null;
      }
      return props.rows.length === 0 ? <div class="state state-empty">{props.empty || t("state.empty")}</div> : null;
    };

    return () => {
      const now = state();
      const isPartial = props.completeness !== null && props.completeness < 0.995;
      return (
        <section
          class={["room", props.wide && "room-wide"]}
          data-room={props.name}
          aria-labelledby={`${props.name}-title`}
        >
          <header>
            <h2 id={`${props.name}-title`}>{props.title}</h2>
            {slots.controls?.({})}
          </header>
          {isPartial && !now ? (
            <p class="partial" role="note">
              {t("state.partial", { part: percent(props.completeness) })}
            </p>
          ) : null}
          <div class="room-body" ref={body}>
            {now ?? slots.default?.({})}
          </div>
          <footer>
            <details>
              <summary>{t("room.definition")}</summary>
              <p>{props.definition}</p>
              <p>
                {t("room.question")}{" "}
                <code>{props.answer.question ? `GET ${addressOf(props.answer.question)}` : "—"}</code>
              </p>
            </details>
            {props.unstored ? null : <SqlPanel question={props.answer.question} />}
            <details class="figures" hidden={props.list}>
              <summary>{t("room.table")}</summary>
              <section class="scroll" tabindex={0} aria-label={`${props.title}: ${t("room.table")}`}>
                <table>
                  <thead>
                    <tr>
                      {columns().map(({ name, title }) => (
                        <th scope="col" key={name}>
                          {title}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {props.rows.slice(0, ROWS_SHOWN).map((row, index) => (
                      <tr key={index}>
                        {columns().map(({ name, value, text }) => (
                          <td key={name}>{text ? text(row) : (value(row) ?? "—")}</td>
                        ))}
                      </tr>
                    ))}
                  </tbody>
                </table>
                {props.rows.length > ROWS_SHOWN ? <p>{t("room.more", { rows: props.rows.length })}</p> : null}
              </section>
            </details>
            <span class="room-tools">
              <button
                type="button"
                data-do="csv"
                onClick={() => saveCsv(`v6meter-${props.name}.csv`, columns(), props.rows)}
              >
                CSV
              </button>
              {hasPicture.value ? (
                <button type="button" data-do="png" onClick={savePng}>
                  PNG
                </button>
              ) : null}
              <button type="button" data-do="link" onClick={() => void copyLink()}>
                {isCopied.value ? t("room.copied") : t("room.link")}
              </button>
            </span>
          </footer>
        </section>
      );
    };
  },
});
