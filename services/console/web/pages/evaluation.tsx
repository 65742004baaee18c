import "../style/catalogue.css";
import type { api } from "@v6meter/schemas";
import { computed, defineComponent } from "vue";
import { useAnswer } from "../api/answer.ts";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { language, t } from "../messages/index.ts";
import { loadObjects, nameOf } from "../names/names.ts";
import { useNow } from "../view/now.ts";
import { monthsUpTo } from "../view/period.ts";
import { Select } from "../view/select.tsx";
import { useView } from "../view/view.ts";
import { countedWeight, points, ScoreParts, type Subject } from "./score-parts.tsx";

const MONTHS_OFFERED = 25;
const HOUR_MS = 3_600_000;

/** How a subject's rank moved: the sign, how far, and in words. */
function moved({ rank, previous_rank: before }: Subject): { sign: string; text: string; way: string } {
  if (rank === null || before === null) return { sign: "", text: t("evaluation.new"), way: "same" };
  const by = before - rank;
  if (by === 0) return { sign: "–", text: t("evaluation.same"), way: "same" };
  const way = by > 0 ? "up" : "down";
  return { sign: `${by > 0 ? "▲" : "▼"}${Math.abs(by)}`, text: t(`evaluation.${way}`, { by: Math.abs(by) }), way };
}

/** Ranks by a scoring rule and month; every score opens to the figures it came from. */
export default defineComponent(() => {
  const view = useView({ rule: "", month: "", subject: "" });
  const nowMs = useNow(HOUR_MS);
  const months = computed(() => monthsUpTo(nowMs.value, MONTHS_OFFERED));
  const rules = useAnswer<api.Evaluations>(() => ({ path: "/api/v1/evaluations" }));
  const catalogue = useAnswer<api.Indicators>(() => ({ path: "/api/v1/indicators" }));
  const wordOf = ({ id, version }: { id: string; version: number }) => `${id}.${version}`;
  const rule = computed(() => {
    const all = rules.data?.rules ?? [];
    return all.find((it) => wordOf(it) === view.get("rule")) ?? all[0];
  });
  const month = () => view.get("month") || (months.value[1] as string);
  const answer = useAnswer<api.Evaluations>(() =>
    rule.value
      ? {
          path: "/api/v1/evaluations",
          parameters: { rule: rule.value.id, version: String(rule.value.version), month: month() },
        }
      : null,
  );
  void loadObjects();
  const titles = computed(() => new Map((catalogue.data?.indicators ?? []).map((it) => [it.id, it] as const)));
  const subjects = computed(() => answer.data?.subjects ?? []);
  const nameOfSubject = (word: string) => nameOf(rule.value?.subject ?? "", word);

  const columns = (): Column<Subject>[] => [
    { name: "rank", title: "rank", value: (it) => it.rank },
    { name: "subject", title: "subject", value: (it) => it.subject },
    { name: "name", title: "name", value: (it) => nameOfSubject(it.subject) },
    ...(["score", "previous_score", "previous_rank", "change"] as const).map((name) => ({
      name,
      title: name,
      value: (it: Subject) => it[name],
    })),
    ...(subjects.value[0]?.items ?? []).flatMap(({ indicator }, index) => [
      { name: indicator, title: indicator, value: (it: Subject) => it.items[index]?.figure?.value ?? null },
      { name: `${indicator}_points`, title: indicator, value: (it: Subject) => it.items[index]?.points ?? null },
    ]),
    {
      name: "penalties",
      title: "penalties",
      value: (it) => it.penalties.reduce((sum, { points: taken }) => sum + taken, 0),
    },
  ];

  /** The score as a bar made of what each item gave. */
  const bar = (it: Subject) => {
    const weight = countedWeight(it);
    return (
      <div class="score" aria-hidden="true">
        {it.items.map(({ indicator, weight: own, points: given }, index) =>
          given ? (
            <i
              key={indicator}
              class={`part-${index % 6}`}
              title={titles.value.get(indicator)?.[language.value] ?? indicator}
              style={{ width: `${(given * own) / weight}%` }}
            />
          ) : null,
        )}
      </div>
    );
  };
  const row = (it: Subject) => {
    const isOpen = view.get("subject") === it.subject;
    const move = moved(it);
    return (
      <>
        <tr key={it.subject} data-subject={it.subject} class={isOpen ? "open" : ""}>
          <td data-part="rank" data-title={t("evaluation.rank")}>
            <b>{it.rank ?? "—"}</b>
          </td>
          <td data-title={t("evaluation.moved")}>
            <span class={`move ${move.way}`} data-part="moved">
              <span aria-hidden="true">{move.sign}</span>
              <span class={move.sign === "" ? "" : "unseen"}>{move.text}</span>
            </span>
          </td>
          <td class="words">
            <button
              type="button"
              class="opens"
              aria-expanded={isOpen}
              onClick={() => view.set({ subject: isOpen ? "" : it.subject })}
            >
              <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {nameOfSubject(it.subject)}
            </button>
          </td>
          <td class="wide">{bar(it)}</td>
          <td data-part="score" data-title={t("evaluation.score")}>
            <b>{points(it.score)}</b>
          </td>
          <td data-part="change" data-title={t("evaluation.change")}>
            {it.change === null ? "—" : `${it.change < 0 ? "−" : "+"}${points(Math.abs(it.change))}`}
          </td>
          <td data-part="previous" data-title={t("evaluation.previous")}>
            {points(it.previous_score)}
          </td>
          <td data-title={t("evaluation.penalties")}>
            {it.penalties.length === 0 ? "—" : `−${points(it.penalties.reduce((sum, one) => sum + one.points, 0))}`}
          </td>
        </tr>
        {isOpen ? (
          <tr key={`${it.subject} opened`} class="opened">
            <td colspan={8} class="words">
              <ScoreParts
                subject={it}
                indicators={titles.value}
                subjectGrouping={rule.value?.subject ?? ""}
                month={month()}
              />
            </td>
          </tr>
        ) : null}
      </>
    );
  };

  return () => {
    const now = rule.value;
    return (
      <>
        <div class="head">
          <h1>{t("evaluation.title")}</h1>
          <Select
            label={t("evaluation.rule")}
            value={now ? wordOf(now) : ""}
            options={(rules.data?.rules ?? []).map(
              (it) =>
                [wordOf(it), `${it[language.value]} · ${t("evaluation.version", { version: it.version })}`] as const,
            )}
            onChoose={(word) => view.set({ rule: word, subject: "" })}
          />
          <Select
            label={t("users.month")}
            value={month()}
            options={months.value.map((it) => [it, it] as const)}
            onChoose={(word) => view.set({ month: word === months.value[1] ? "" : word })}
          />
        </div>
        <Room
          name="ranks"
          wide
          list
          title={now ? `${now[language.value]} · ${month()}` : t("evaluation.title")}
          definition={`${t("evaluation.definition")}${now ? `（${now.source}）` : ""}`}
          answer={now ? answer : rules}
          columns={columns()}
          rows={subjects.value}
          empty={t("evaluation.nothing")}
        >
          {{
            default: () => (
              <>
                <p class="legend">
                  {(subjects.value[0]?.items ?? []).map(({ indicator, weight }, index) => (
                    <span key={indicator}>
                      <i class={`swatch part-${index % 6}`} />{" "}
                      {titles.value.get(indicator)?.[language.value] ?? indicator} {weight}
                    </span>
                  ))}
                </p>
                <section class="across" tabindex={0} aria-label={t("evaluation.title")}>
                  <table class="cards ranks">
                    <thead>
                      <tr>
                        <th>{t("evaluation.rank")}</th>
                        <th>{t("evaluation.moved")}</th>
                        <th class="words">{t(`evaluation.subject_${now?.subject ?? "object"}`)}</th>
                        <th class="words wide">{t("evaluation.parts")}</th>
                        {(["score", "change", "previous", "penalties"] as const).map((it) => (
                          <th key={it}>{t(`evaluation.${it}`)}</th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>{subjects.value.map(row)}</tbody>
                  </table>
                </section>
              </>
            ),
          }}
        </Room>
      </>
    );
  };
});
