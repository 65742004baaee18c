import type { api } from "@v6meter/schemas";
import { defineComponent, type PropType, ref } from "vue";
import { t } from "../messages/index.ts";

/** A key that was made, shown until its maker says that it is kept; nothing else of the page holds it. */
export const Secret = defineComponent({
  props: { made: { type: Object as PropType<api.MadeKey>, required: true } },
  emits: { kept: () => true },
  setup(props, { emit }) {
    const field = ref<HTMLInputElement>();
    const isCopied = ref(false);
    const copy = async () => {
      field.value?.select();
      try {
        // Pages that came over plain HTTP have no clipboard: the key is selected for Ctrl+C then.
        await navigator.clipboard.writeText(props.made.key);
        isCopied.value = true;
      } catch {
        isCopied.value = false;
      }
    };
    return () => (
      <section class="room room-wide secret" data-room="secret" aria-labelledby="secret-title">
        <h2 id="secret-title">{t("admin.secretTitle", { name: props.made.name })}</h2>
        <p class="partial" role="alert">
          {t("admin.secretText")}
        </p>
        <div class="controls">
          <input
            ref={field}
            readonly
            id="secret"
            aria-labelledby="secret-title"
            size={50}
            autocomplete="off"
            value={props.made.key}
            onFocus={() => field.value?.select()}
          />
          <button type="button" class="primary" data-do="copy-key" onClick={() => void copy()}>
            {isCopied.value ? t("admin.copied") : t("admin.copy")}
          </button>
          <button type="button" data-do="kept" onClick={() => emit("kept")}>
            {t("admin.hide")}
          </button>
        </div>
      </section>
    );
  },
});
