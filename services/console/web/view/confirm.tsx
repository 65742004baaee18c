import { defineComponent } from "vue";
import { t } from "../messages/index.ts";
import { useDialog } from "./dialog.ts";

/** Asks before something is done that cannot be taken back: what happens is said, and the slot may ask for more. */
export const Confirm = defineComponent({
  props: {
    title: { type: String, required: true },
    text: { type: String, required: true },
    action: { type: String, required: true },
    /** Why it could not be done, where it was tried. */
    problem: { type: String, default: "" },
    isBusy: { type: Boolean, default: false },
  },
  emits: { yes: () => true, no: () => true },
  setup(props, { emit, slots }) {
    const dialog = useDialog();
    const submit = (event: Event) => {
      event.preventDefault();
      emit("yes");
    };
    return () => (
      <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => emit("no")}>
        <form onSubmit={submit}>
          <h2 id="confirm-title">{props.title}</h2>
          <p>{props.text}</p>
          {slots.default?.()}
          {props.problem ? (
            <p class="wrong" role="alert">
              {props.problem}
            </p>
          ) : null}
          <div class="controls">
            <button type="submit" class="primary" data-do="yes" disabled={props.isBusy}>
              {props.action}
            </button>
            <button type="button" data-do="no" onClick={() => emit("no")}>
              {t("frame.cancel")}
            </button>
          </div>
        </form>
      </dialog>
    );
  },
});
