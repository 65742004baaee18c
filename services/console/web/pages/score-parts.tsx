import type { api } from "@v6meter/schemas";
import type { FunctionalComponent } from "vue";
import { RouterLink } from "vue-router";
import { language, t } from "../messages/index.ts";
import { figure, number, percent } from "../names/format.ts";

/** A subject of an evaluation with its score. */
export type Subject = api.Evaluations["subjects"][number];
type Figure = NonNullable<Subject["items"][number]["figure"]>;
type Titles = ReadonlyMap<string, api.IndicatorDescription>;

/** Points of 100 as they are read. */
export const points = (value: number | null) => (value === null ? "—" : value.toFixed(2));

/** The weights that a score was divided by: those of items whose points count. */
export const countedWeight = ({ items }: Subject) =>
  items.reduce((sum, { weight, points: given }) => sum + (given === null ? 0 : weight), 0) || 1;

/** What a figure came from, in one line. */
function behind(it: Figure | null): string {
  if (it === null) return t("evaluation.noFigure");
  if (it.suppressed) return t("users.suppressed");
  return [
    it.denominator === null ? null : `${number(it.numerator)} ÷ ${number(it.denominator)}`,
    it.method === undefined
      ? null
      : t(it.high === null ? "indicators.atLeast" : "overview.interval", {
          low: number(it.low),
          high: number(it.high),
          method: t(`users.${it.method}`),
        }),
    it.completeness === null ? null : `${t("word.completeness")} ${percent(it.completeness)}`,
  ]
    .filter((part) => part !== null)
    .join(" · ");
}

/** A score opened: its items with their figures, what each gave, and the penalties. */
export const ScoreParts: FunctionalComponent<{
  subject: Subject;
  indicators: Titles;
  subjectGrouping: string;
  month: string;
}> = ({ subject, indicators, subjectGrouping, month }) => {
  const weight = countedWeight(subject);
  const title = (id: string) => (
    <RouterLink class="name light" to={{ name: "indicators", query: { id, by: subjectGrouping, period: month } }}>
      {{ default: () => indicators.get(id)?.[language.value] ?? id }}
    </RouterLink>
  );
  const told = (id: string, it: Figure | null) =>
    it?.suppressed ? t("users.suppressed") : figure(it?.value, indicators.get(id)?.unit ?? "count");
  return (
    <table class="parts">
      <thead>
        <tr>
          <th class="words">{t("evaluation.item")}</th>
          <th>{t("word.value")}</th>
          <th class="words">{t("evaluation.behind")}</th>
          <th>{t("evaluation.weight")}</th>
          <th>{t("evaluation.points")}</th>
          <th>{t("evaluation.gave")}</th>
        </tr>
      </thead>
      <tbody>
        {subject.items.map((it, index) => (
          <tr key={it.indicator} data-item={it.indicator}>
            <td class="words">
              <i class={`swatch part-${index % 6}`} /> {title(it.indicator)}
            </td>
            <td data-part="figure">{told(it.indicator, it.figure)}</td>
            <td class="words behind">{behind(it.figure)}</td>
            <td>{it.weight}</td>
            <td data-part="points">{points(it.points)}</td>
            <td>{it.points === null ? "—" : points((it.points * it.weight) / weight)}</td>
          </tr>
        ))}
        {subject.penalties.map((it) => (
          <tr key={`${it.indicator} ${it.en}`} data-penalty={it.indicator}>
            <td class="words">
              <span class="standing missed">
                <i aria-hidden="true">✕</i> {t("evaluation.penalty")}
              </span>{" "}
              {it[language.value]} · {title(it.indicator)}
            </td>
            <td>{told(it.indicator, it.figure)}</td>
            <td class="words behind">{behind(it.figure)}</td>
            <td />
            <td />
            <td>−{points(it.points)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
ScoreParts.props = ["subject", "indicators", "subjectGrouping", "month"];
