import type { FunctionalComponent } from "vue";
import { t } from "../messages/index.ts";
import { nameOf } from "../names/names.ts";
import type { View } from "../view/view.ts";

/** What a group that is chosen leads to, from the province down. */
export const DRILL = ["region", "operator", "exporter"] as const;
/** What narrows the figures beside that. */
const NARROWING = ["access", "direction"] as const;

/** The dimension below one; an exporter is split by access network. */
export function below(dimension: string): string {
  const at = DRILL.indexOf(dimension as (typeof DRILL)[number]);
  if (at < 0) return "region";
  return DRILL[at + 1] ?? "access";
}

type TrafficView = View<Record<"by" | (typeof DRILL)[number] | (typeof NARROWING)[number], string>>;

/** The way from the province to what is shown; each step leads back to it. What else narrows can be taken off. */
export const Crumbs: FunctionalComponent<{ view: TrafficView }> = ({ view }) => {
  const chosen = DRILL.filter((name) => view.list(name).length > 0);
  const named = (name: string, words: readonly string[]) => words.map((word) => nameOf(name, word)).join(" + ");
  const nothing = Object.fromEntries(DRILL.map((name) => [name, ""]));
  const backTo = (depth: number) => {
    const kept = chosen.slice(0, depth);
    const last = kept.at(-1);
    view.go({
      ...nothing,
      ...Object.fromEntries(kept.map((name) => [name, view.get(name)])),
      by: last ? below(last) : DRILL[0],
    });
  };
  return (
    <nav class="crumbs" aria-label={t("traffic.path")}>
      <ol>
        {[t("word.province"), ...chosen.map((name) => named(name, view.list(name)))].map((name, depth) => (
          <li key={depth}>
            <button
              type="button"
              data-crumb={depth === 0 ? "province" : chosen[depth - 1]}
              aria-current={depth === chosen.length ? "page" : undefined}
              onClick={() => backTo(depth)}
            >
              {name}
            </button>
          </li>
        ))}
      </ol>
      {NARROWING.filter((name) => view.list(name).length > 0).map((name) => (
        <button
          key={name}
          type="button"
          aria-label={`${t(`word.${name}`)} ${named(name, view.list(name))}: ${t("traffic.clear")}`}
          onClick={() => view.set({ [name]: "" })}
        >
          {named(name, view.list(name))} ✕
        </button>
      ))}
      <small>{t("traffic.drill")}</small>
    </nav>
  );
};
Crumbs.props = ["view"];
