import { defineComponent, ref, watch } from "vue";
import { useAnswer } from "../api/answer.ts";
import { fetchFile, type Question } from "../api/client.ts";
import { t } from "../messages/index.ts";

/**
 * A report as its HTML says. It is written into a frame of an empty page that has a policy of its own: styles may stand
 * in it, and no script runs; the pages' own policy, which refuses both, is not loosened.
 */
export const ReportPreview = defineComponent(
  (props: { question: Question; title: string }) => {
    const page = useAnswer<string>(() => props.question, {
      read: async (question, signal) => (await fetchFile(question, "text/html", signal)).text(),
    });
    const frame = ref<HTMLIFrameElement>();
    const isThere = ref(false);
    const fill = () => {
      const place = frame.value?.contentDocument;
      if (!place || page.data === null || !isThere.value) return;
      // Parsed by the frame's own document, under its policy.
      place.documentElement.innerHTML = page.data;
      place.documentElement.lang = props.question.parameters?.lang === "en" ? "en" : "zh-CN";
    };
    watch(() => page.data, fill, { flush: "post" });
    return () => (
      <div class="preview">
        {page.problem ? (
          <div class="state state-error" role="alert">
            <p>{page.problem.message || t("state.unreachable")}</p>
            <button type="button" onClick={() => page.reload()}>
              {t("state.again")}
            </button>
          </div>
        ) : null}
        {page.data === null && !page.problem ? (
          <div class="state state-loading" role="status">
            {t("state.loading")}
          </div>
        ) : null}
        <iframe
          ref={frame}
          src="/console/preview.html"
          sandbox="allow-same-origin"
          title={props.title}
          data-filled={page.data === null ? "no" : "yes"}
          hidden={page.data === null}
          onLoad={() => {
            isThere.value = true;
            fill();
          }}
        />
      </div>
    );
  },
  { props: ["question", "title"] },
);
