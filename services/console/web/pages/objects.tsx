import "../style/catalogue.css";
import type { api } from "@v6meter/schemas";
import { OBJECT_KINDS } from "@v6meter/schemas/words";
import { computed, defineComponent } from "vue";
import { RouterLink } from "vue-router";
import { bothAnswers, useAnswer } from "../api/answer.ts";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { percent, points, quantity } from "../names/format.ts";
import { loadObjects, nameOf, wordsOf } from "../names/names.ts";
import { useNow } from "../view/now.ts";
import { monthsUpTo, periodOf } from "../view/period.ts";
import { PeriodPicker } from "../view/period-picker.tsx";
import { Search } from "../view/search.tsx";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";
import { ObjectFigures } from "./object-figures.tsx";
import { Sparkline } from "./sparkline.tsx";

type Answer = api.ObjectTrafficAnswer;
type Group = Answer["groups"][number];
type Named = api.Objects["objects"][number];
/** A row of the list: what was measured, and the object where the rows are objects. */
interface Row extends Omit<Group, "total_bytes" | "v6_bytes" | "v4_bytes"> {
  readonly name: string;
  readonly about: string;
  readonly total_bytes: string | null;
  readonly v6_bytes: string | null;
  readonly v4_bytes: string | null;
  readonly trend: readonly (number | null)[];
}

const MINUTE_MS = 60_000;
const MONTHS_OFFERED = 13;
const PERIOD_WORDS = ["24h", "7d", "30d", "365d"];
const GROUPINGS = ["object", "kind", "enterprise", "industry", "region", "owner"] as const;
const SORTS = ["name", "total_bytes", "share", "change"] as const;
type Sort = (typeof SORTS)[number];

const columns = (): Column<Row>[] => [
  { name: "group", title: "group", value: (it) => it.group },
  { name: "name", title: "name", value: (it) => it.name },
  ...(["v6_bytes", "v4_bytes", "total_bytes", "share", "part", "previous_share", "change"] as const).map((name) => ({
    name,
    title: name,
    value: (it: Row) => it[name],
  })),
];

function sorted(rows: readonly Row[], by: Sort, isRising: boolean): Row[] {
  const value = (it: Row) => (by === "name" ? it.name : it[by] === null ? null : Number(it[by]));
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    // What has no figure stands last either way.
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order = typeof x === "string" ? x.localeCompare(String(y), "zh-CN") : x - Number(y);
    return isRising ? order : -order;
  });
}

/** The monitored objects with their traffic, share and trend; by object, or summed by what they have in common. */
const List = defineComponent(() => {
  const view = useView({ q: "", kind: "", by: "object", operator: "", period: "30d", sort: "-total_bytes" });
  const nowMs = useNow(MINUTE_MS);
  const by = () => view.get("by") as (typeof GROUPINGS)[number];
  const period = computed(() => periodOf(view.get("period"), nowMs.value));
  const kind = () => view.list("kind");
  const known = useAnswer<api.Objects>(() => ({ path: "/api/v1/objects", parameters: { kind: kind() } }));
  const traffic = useAnswer<Answer>(() => ({
    path: "/api/v1/objects/traffic",
    parameters: { ...period.value, by: by(), interval: "1d", kind: kind(), operator: view.list("operator") },
  }));
  // Without the one there are no names and no objects that flows do not tell, without the other no figures.
  const both = bothAnswers(known, traffic, (_, it) => it);
  const isRising = () => !view.get("sort").startsWith("-");
  const sort = () => (SORTS.find((it) => it === view.get("sort").replace("-", "")) ?? "total_bytes") as Sort;
  const nameOfGroup = (word: string) => {
    if (word === "") return t("objects.others");
    if (by() === "object") return known.data?.objects.find(({ id }) => id === word)?.[language.value] ?? word;
    return nameOf(by() === "kind" ? "object_kind" : by(), word);
  };
  const aboutOf = ({ kind: of, category, enterprise, industry, region }: Named) =>
    [
      nameOf("object_kind", of),
      category,
      enterprise,
      industry,
      region === undefined ? undefined : nameOf("region", region),
    ]
      .filter((it) => it !== undefined)
      .join(" · ");
  const rows = computed(() => {
    if (traffic.data === null) return [];
    const days = Map.groupBy(traffic.data.rows, ({ group }) => group);
    const objects = new Map((known.data?.objects ?? []).map((it) => [it.id, it] as const));
    const measured: Row[] = traffic.data.groups.map((it) => {
      const object = objects.get(it.group);
      return {
        ...it,
        name: nameOfGroup(it.group),
        about:
          by() !== "object"
            ? t("objects.count", { count: it.objects.length })
            : object === undefined
              ? ""
              : aboutOf(object),
        trend: (days.get(it.group) ?? []).map(({ share }) => share),
      };
    });
    const silent: Row[] = (by() === "object" ? (known.data?.objects ?? []) : [])
      .filter(({ match }) => match.length === 0)
      .map((it) => ({
        group: it.id,
        objects: [it.id],
        name: it[language.value],
        about: aboutOf(it),
        v6_bytes: null,
        v4_bytes: null,
        total_bytes: null,
        share: null,
        part: null,
        previous_share: null,
        change: null,
        trend: [],
      }));
    const search = view.get("q").toLowerCase();
    const fitting = [...measured, ...silent].filter(({ group, name, about }) =>
      `${group} ${name} ${about}`.toLowerCase().includes(search),
    );
    return sorted(fitting, sort(), isRising());
  });

  const heading = (name: Sort, text: string, isWords = false) => {
    const isSorted = sort() === name;
    return (
      <th class={isWords ? "words" : ""} aria-sort={isSorted ? (isRising() ? "ascending" : "descending") : "none"}>
        <button
          type="button"
          class="sort"
          data-sort={name}
          onClick={() =>
            view.set({ sort: isSorted && !isRising() ? name : isSorted || name !== "name" ? `-${name}` : name })
          }
        >
          {text} <span aria-hidden="true">{isSorted ? (isRising() ? "↑" : "↓") : "↕"}</span>
        </button>
      </th>
    );
  };
  const row = (it: Row) => (
    <tr key={it.group} data-object={it.group}>
      <td class="words">
        {by() === "object" ? (
          <RouterLink class="name" to={{ name: "objects", query: { id: it.group } }}>
            {{ default: () => it.name }}
          </RouterLink>
        ) : (
          <strong>{it.name}</strong>
        )}
        <div class="clause">{it.about}</div>
      </td>
      <td data-title={t("objects.traffic")} data-part="total">
        {it.total_bytes === null ? <small>{t("objects.silent")}</small> : quantity(it.total_bytes, "B")}
      </td>
      <td data-title={t("objects.part")} data-part="part">
        {percent(it.part)}
      </td>
      <td class="wide" data-part="share">
        {it.share === null ? (
          "—"
        ) : (
          <div class="share-bar">
            <span aria-hidden="true">
              <i style={{ width: `${it.share * 100}%` }} />
              <i style={{ width: `${(1 - it.share) * 100}%` }} />
            </span>
            <b>{percent(it.share)}</b>
          </div>
        )}
      </td>
      <td data-title={t("objects.change")} data-part="change">
        {points(it.change)}
      </td>
      <td class="spark" data-title={t("objects.trend")}>
        <Sparkline values={it.trend} label={t("objects.trend")} />
      </td>
    </tr>
  );

  return () => (
    <>
      <div class="head">
        <h1>{t("objects.title")}</h1>
        <Search label={t("objects.search")} value={view.get("q")} onSearch={(q) => view.set({ q })} />
      </div>
      <div class="controls">
        <PeriodPicker
          name="objects"
          label={t("period.title")}
          value={view.get("period")}
          options={[
            ...PERIOD_WORDS.map((it) => [it, t(`period.${it}`)] as const),
            ...monthsUpTo(nowMs.value, MONTHS_OFFERED).map((it) => [it, it] as const),
          ]}
          current={period.value}
          onChoose={(chosen) => view.set({ period: chosen })}
        />
        <Select
          label={t("traffic.by")}
          value={by()}
          options={GROUPINGS.map((it) => [it, t(`objects.${it}`)] as const)}
          onChoose={(word) => view.set({ by: word })}
        />
        <Select
          label={t("objects.kind")}
          value={view.get("kind")}
          options={[
            ["", t("word.all")],
            ...Object.keys(OBJECT_KINDS).map((it) => [it, nameOf("object_kind", it)] as const),
          ]}
          onChoose={(word) => view.set({ kind: word })}
        />
        <Select
          label={t("word.operator")}
          value={view.get("operator")}
          options={[["", t("word.all")], ...wordsOf("operator").map((it) => [it, nameOf("operator", it)] as const)]}
          onChoose={(word) => view.set({ operator: word })}
        />
      </div>
      <Room
        name="objects"
        wide
        list
        title={t("objects.count", { count: rows.value.length })}
        definition={t("objects.definition")}
        answer={both}
        columns={columns()}
        rows={rows.value}
        empty={t("objects.nothing")}
      >
        {{
          default: () => (
            <section class="across" tabindex={0} aria-label={t("objects.title")}>
              <table class="cards objects">
                <thead>
                  <tr>
                    {heading("name", t(`objects.${by()}`), true)}
                    {heading("total_bytes", t("objects.traffic"))}
                    <th>{t("objects.part")}</th>
                    {heading("share", t("word.share"), true)}
                    {heading("change", t("objects.change"))}
                    <th>{t("objects.trend")}</th>
                  </tr>
                </thead>
                <tbody>{rows.value.map(row)}</tbody>
              </table>
            </section>
          ),
        }}
      </Room>
    </>
  );
});

/** Monitored objects, applications among them: the list, and each one's own figures. */
export default defineComponent(() => {
  const view = useView({ id: "" });
  void loadObjects();
  return () => (view.get("id") === "" ? <List /> : <ObjectFigures key={view.get("id")} id={view.get("id")} />);
});
