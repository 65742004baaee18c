import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
  tooltips,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { api } from "@v6meter/schemas";
import { defineComponent, onBeforeUnmount, onMounted, type PropType, ref, shallowRef, watch } from "vue";
import { language, t } from "../messages/index.ts";
import { CLICKHOUSE, columnsAndFunctions, namespaceOf } from "./completion.ts";
import type { Place } from "./error-place.ts";
import { ZH_PHRASES } from "./phrases.ts";

/** Colours are the page's own, so that light and dark need no second theme. */
const LOOKS = EditorView.theme({
  "&": { backgroundColor: "var(--surface)", color: "var(--ink)", height: "100%", fontSize: "0.95rem" },
  "&.cm-focused": { outline: "3px solid var(--v6)", outlineOffset: "-2px" },
  ".cm-scroller": {
    fontFamily: 'ui-monospace, "Cascadia Mono", "Noto Sans Mono CJK SC", Menlo, Consolas, monospace',
    lineHeight: "1.55",
  },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--ink-2)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--v6) 3%, transparent)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--v6) 28%, transparent) !important",
  },
  ".cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--v6) 20%, transparent) !important" },
  ".cm-placeholder": { color: "var(--ink-2)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "5px",
    boxShadow: "0 4px 16px rgb(0 0 0 / 0.18)",
  },
  ".cm-tooltip-autocomplete ul li": { padding: "0.15rem 0.5rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "#0b5cad", color: "#fff" },
  ".cm-completionDetail": { color: "var(--ink-2)", fontStyle: "normal", marginLeft: "0.8em" },
  "li[aria-selected] .cm-completionDetail": { color: "#fff" },
  ".cm-completionInfo": { padding: "0.4rem 0.6rem", maxWidth: "22rem" },
  ".cm-diagnostic": { borderLeft: "4px solid var(--bad)", padding: "0.3rem 0.6rem", maxWidth: "36rem" },
});

const WORDS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--v6)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--v4)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--v4)" },
  { tag: tags.standard(tags.name), color: "var(--word-function)" },
  { tag: tags.typeName, color: "var(--word-function)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--ink-2)", fontStyle: "italic" },
]);

/**
 * Typing over a selection. Left to the browser, it keeps the style of what it takes out by an inline style, which the
 * page's policy refuses and complains of.
 */
const TYPING_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType } = event;
    const { from, to, empty } = view.state.selection.main;
    if (inputType !== "insertText" || data === null || empty || view.composing) return false;
    event.preventDefault();
    const insert = () =>
      view.state.update(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    const taken = view.state.facet(EditorView.inputHandler).some((take) => take(view, from, to, data, insert));
    if (!taken) view.dispatch(insert());
    return true;
  },
});

/**
 * The editor of statements. It stands in a shadow root: there its styles are adopted sheets, which the page's policy
 * allows, where a style element in the document would be refused.
 */
export const SqlEditor = defineComponent({
  props: {
    statement: { type: String, required: true },
    catalogue: { type: Object as PropType<api.SqlCatalogue | null>, default: null },
    /** What is wrong, and where. */
    fault: { type: Object as PropType<(Place & { readonly message: string }) | null>, default: null },
  },
  emits: { change: (_statement: string) => true, run: () => true },
  setup(props, { emit, expose }) {
    const host = ref<HTMLElement>();
    const view = shallowRef<EditorView>();
    const words = new Compartment();
    const speech = new Compartment();

    const wordsOf = () => {
      const { catalogue } = props;
      if (!catalogue) return sql({ dialect: CLICKHOUSE });
      return [
        sql({ dialect: CLICKHOUSE, schema: namespaceOf(catalogue), defaultSchema: catalogue.database }),
        CLICKHOUSE.language.data.of({ autocomplete: columnsAndFunctions(catalogue.views) }),
      ];
    };
    const speechOf = () => [
      EditorState.phrases.of(language.value === "zh" ? ZH_PHRASES : {}),
      EditorView.contentAttributes.of({ "aria-label": t("sql.editor") }),
      placeholder(t("sql.notRun")),
    ];
    const run = () => {
      emit("run");
      return true;
    };
    const pointOut = () => {
      const { fault } = props;
      const shown = view.value;
      if (!shown) return;
      const length = shown.state.doc.length;
      const list = fault
        ? [
            {
              from: Math.min(fault.from, length),
              to: Math.min(fault.to, length),
              severity: "error" as const,
              message: fault.message,
            },
          ]
        : [];
      shown.dispatch(setDiagnostics(shown.state, list));
      if (fault) shown.dispatch({ selection: { anchor: Math.min(fault.from, length) }, scrollIntoView: true });
    };

    onMounted(() => {
      const place = host.value as HTMLElement;
      const root = place.attachShadow({ mode: "open" });
      view.value = new EditorView({
        parent: root as unknown as HTMLElement,
        root,
        state: EditorState.create({
          doc: props.statement,
          extensions: [
            Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
            lineNumbers(),
            history(),
            drawSelection(),
            bracketMatching(),
            closeBrackets(),
            autocompletion({ icons: false }),
            highlightActiveLine(),
            syntaxHighlighting(WORDS),
            EditorView.lineWrapping,
            tooltips({ position: "fixed" }),
            keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
            TYPING_OVER,
            LOOKS,
            words.of(wordsOf()),
            speech.of(speechOf()),
            EditorView.updateListener.of(({ docChanged, state }) => {
              if (docChanged) emit("change", state.doc.toString());
            }),
          ],
        }),
      });
      // What scrolls must be reachable by the keyboard also where nothing in it is edited.
      view.value.scrollDOM.tabIndex = 0;
      pointOut();
    });
    watch(
      () => props.catalogue,
      () => view.value?.dispatch({ effects: words.reconfigure(wordsOf()) }),
    );
    watch(language, () => view.value?.dispatch({ effects: speech.reconfigure(speechOf()) }));
    watch(
      () => props.statement,
      (statement) => {
        const shown = view.value;
        if (!shown || shown.state.doc.toString() === statement) return;
        shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: statement } });
      },
    );
    watch(() => props.fault, pointOut);
    onBeforeUnmount(() => view.value?.destroy());
    expose({
      /** Puts a text where the cursor is. */
      insert(text: string) {
        const shown = view.value;
        if (!shown) return;
        shown.dispatch(shown.state.replaceSelection(text));
        shown.focus();
      },
    });
    return () => <div ref={host} class="sql-editor" />;
  },
});
