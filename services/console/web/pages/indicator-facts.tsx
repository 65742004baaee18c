import type { api } from "@v6meter/schemas";
import { INDICATOR_GROUPINGS } from "@v6meter/schemas/words";
import type { FunctionalComponent } from "vue";
import { language, t } from "../messages/index.ts";
import { nameOf } from "../names/names.ts";

/** What an indicator is: its definition in both languages, its source, and how it is measured. */
export const IndicatorFacts: FunctionalComponent<{ indicator: api.IndicatorDescription }> = ({ indicator }) => {
  const limits = INDICATOR_GROUPINGS.flatMap((name) =>
    (indicator.where[name] ?? []).map((it) => `${t(`word.${name}`)} ${nameOf(name, it)}`),
  );
  const list = [
    ["source", indicator.source],
    ["class", t(`class.${indicator.class}`)],
    ["unit", t(`unit.${indicator.unit}`)],
    ["kind", t(`indicators.kind_${indicator.kind}`)],
    ["exactness", t(`indicators.${indicator.exactness}`)],
    ["good", t(`indicators.good_${indicator.good}`)],
    ["owner", indicator.owner],
    ...(limits.length > 0 ? [["where", limits.join(language.value === "zh" ? "，" : ", ")] as const] : []),
  ] as const;
  return (
    <section class="facts" aria-label={t("indicators.definition")}>
      {(["zh", "en"] as const).map((it) => (
        <p key={it} lang={it === "zh" ? "zh-CN" : "en"} data-definition={it}>
          {indicator.definition[it]}
        </p>
      ))}
      <dl>
        {list.map(([name, text]) => (
          <div key={name} class={`fact-${name}`}>
            <dt>{t(`indicators.${name}`)}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
};
IndicatorFacts.props = ["indicator"];
