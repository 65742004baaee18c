import "../style/catalogue.css";
import type { api } from "@v6meter/schemas";
import { INDICATOR_CLASSES, INDICATOR_DIMENSIONS, INDICATOR_UNITS } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { RouterLink } from "vue-router";
import { useAnswer } from "../api/answer.ts";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { nameOf } from "../names/names.ts";
import { Search } from "../view/search.tsx";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";
import { IndicatorFigures } from "./indicator-figures.tsx";

type Indicator = api.Indicators["indicators"][number];

const DIMENSIONS = Object.keys(INDICATOR_DIMENSIONS);
const other = () => (language.value === "zh" ? "en" : "zh");

/** Whether an indicator has every word of what is searched for in one of its texts. */
function fits(it: Indicator, search: string): boolean {
  const texts = [it.id, it.zh, it.en, it.definition.zh, it.definition.en, it.source, it.owner].join("\n").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => texts.includes(word));
}

const columns = (): Column<Indicator>[] => [
  { name: "id", title: "id", value: (it) => it.id },
  ...(["zh", "en"] as const).map((name) => ({ name, title: name, value: (it: Indicator) => it[name] })),
  ...(["zh", "en"] as const).map((name) => ({
    name: `definition_${name}`,
    title: `definition_${name}`,
    value: (it: Indicator) => it.definition[name],
  })),
  ...(["dimension", "class", "unit", "exactness", "kind", "owner", "source"] as const).map((name) => ({
    name,
    title: name,
    value: (it: Indicator) => it[name],
  })),
  { name: "by", title: "by", value: (it) => it.by.join(" ") },
];

/** The catalogue as it is served: whatever a file of it adds stands here with no change of the pages. */
const Catalogue = defineComponent(
  (props: { answer: ReturnType<typeof useAnswer<api.Indicators>> }) => {
    const view = useView({ q: "", dimension: "", class: "", unit: "" });
    const searched = computed(() =>
      (props.answer.data?.indicators ?? []).filter(
        (it) =>
          fits(it, view.get("q")) &&
          (view.get("class") === "" || it.class === view.get("class")) &&
          (view.get("unit") === "" || it.unit === view.get("unit")),
      ),
    );
    const shown = computed(() =>
      searched.value.filter(({ dimension }) => view.get("dimension") === "" || dimension === view.get("dimension")),
    );

    const tab = (word: string, name: string, count: number) => (
      <button
        key={word}
        type="button"
        data-dimension={word}
        aria-pressed={view.get("dimension") === word}
        onClick={() => view.set({ dimension: word })}
      >
        {name} <b>{count}</b>
      </button>
    );
    const row = (it: Indicator) => (
      <li key={it.id} data-indicator={it.id}>
        <div>
          <RouterLink class="name" to={{ name: "indicators", query: { id: it.id } }}>
            {{ default: () => it[language.value] }}
          </RouterLink>
          <span class="other" lang={other() === "zh" ? "zh-CN" : "en"}>
            {it[other()]}
          </span>
          <p>{it.definition[language.value]}</p>
          <p class="clause">{it.source}</p>
        </div>
        <dl class="marks">
          {(
            [
              ["class", t(`class.${it.class}`)],
              ["unit", t(`unit.${it.unit}`)],
              ["exactness", t(`indicators.${it.exactness}`)],
              ["good", t(`indicators.good_${it.good}`)],
              ["owner", it.owner],
            ] as const
          ).map(([name, text]) => (
            <div key={name} class={`mark-${name}`}>
              <dt>{t(`indicators.${name}`)}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </li>
    );

    return () => {
      const refused = props.answer.data?.refused ?? [];
      return (
        <>
          <div class="head">
            <h1>{t("indicators.title")}</h1>
            <Search label={t("indicators.search")} value={view.get("q")} onSearch={(q) => view.set({ q })} />
            <Select
              label={t("indicators.class")}
              value={view.get("class")}
              options={[
                ["", t("word.all")],
                ...Object.keys(INDICATOR_CLASSES).map((it) => [it, t(`class.${it}`)] as const),
              ]}
              onChoose={(word) => view.set({ class: word })}
            />
            <Select
              label={t("indicators.unit")}
              value={view.get("unit")}
              options={[["", t("word.all")], ...INDICATOR_UNITS.map((it) => [it, t(`unit.${it}`)] as const)]}
              onChoose={(word) => view.set({ unit: word })}
            />
          </div>
          <fieldset class="tabs">
            <legend class="unseen">{t("indicators.dimension")}</legend>
            {tab("", t("word.all"), searched.value.length)}
            {DIMENSIONS.map((word) =>
              tab(word, nameOf("dimension", word), searched.value.filter((it) => it.dimension === word).length),
            )}
          </fieldset>
          {refused.length > 0 ? (
            <div class="partial" role="note">
              <p>{t("indicators.refused", { count: refused.length })}</p>
              <ul>
                {refused.map(({ file, line, reason }) => (
                  <li key={`${file}:${line}`}>
                    <code>
                      {file}:{line}
                    </code>{" "}
                    {reason}
                  </li>
                ))}
              </ul>
            </div>
          ) : null}
          <Room
            name="catalogue"
            wide
            list
            title={t("indicators.count", { count: shown.value.length })}
            definition={t("indicators.catalogueDefinition")}
            answer={props.answer}
            columns={columns()}
            rows={shown.value}
            empty={t("indicators.none")}
          >
            {{
              default: () =>
                DIMENSIONS.map((dimension) => {
                  const its = shown.value.filter((it) => it.dimension === dimension);
                  return its.length === 0 ? null : (
                    <section key={dimension} class="catalogue" aria-label={nameOf("dimension", dimension)}>
                      <h3>{nameOf("dimension", dimension)}</h3>
                      <ul>{its.map(row)}</ul>
                    </section>
                  );
                }),
            }}
          </Room>
        </>
      );
    };
  },
  { props: ["answer"] },
);

export default defineComponent(() => {
  const view = useView({ id: "" });
  const answer = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }));
  return () => {
    const id = view.get("id");
    if (id === "") return <Catalogue answer={answer} />;
    const found = answer.data?.indicators.find((it) => it.id === id);
    if (found) return <IndicatorFigures key={id} indicator={found} />;
    return (
      <Room
        name="indicator"
        wide
        list
        title={id}
        definition={t("indicators.catalogueDefinition")}
        answer={answer}
        columns={[]}
        rows={[]}
        empty={t("indicators.unknown", { id })}
      />
    );
  };
});
