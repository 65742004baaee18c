import type { FunctionalComponent } from "vue";
import { t } from "../messages/index.ts";
import { monthsUpTo, PERIODS } from "./period.ts";
import { Select } from "./select.tsx";

const MONTHS_OFFERED = 13;
const ZONE_MS = 8 * 3_600_000;
const CUSTOM = "custom";

/** A choice of a period: the last hours or days, a month, or two days of a person's own. */
export const PeriodChoice: FunctionalComponent<{
  value: string;
  nowMs: number;
  /** Words of PERIODS that are offered; all where none are named. */
  words?: readonly string[];
  onChoose: (word: string) => void;
}> = ({ value, nowMs, words = Object.keys(PERIODS), onChoose }) => {
  const isCustom = value.includes("~");
  const [from = "", to = ""] = value.split("~").map((text) => text.slice(0, 10));
  const today = new Date(nowMs + ZONE_MS).toISOString().slice(0, 10);
  const months = monthsUpTo(nowMs, MONTHS_OFFERED);
  const day = (label: string, at: string, choose: (day: string) => void) => (
    <label>
      {label}
      <input
        type="date"
        value={at}
        max={today}
        required
        onChange={(event) => {
          const chosen = (event.target as HTMLInputElement).value;
          if (chosen !== "") choose(chosen);
        }}
      />
    </label>
  );
  return (
    <>
      <Select
        label={t("period.title")}
        value={isCustom ? CUSTOM : value}
        options={[
          ...words.map((word) => [word, t(`period.${word}`)] as const),
          ...months.map((month) => [month, month] as const),
          ...(isCustom || months.includes(value) || words.includes(value) ? [] : [[value, value] as const]),
          [CUSTOM, t("period.custom")],
        ]}
        onChoose={(word) => onChoose(word === CUSTOM ? `${today.slice(0, 8)}01~${today}` : word)}
      />
      {isCustom ? day(t("period.first"), from, (chosen) => onChoose(`${chosen}~${chosen > to ? chosen : to}`)) : null}
      {isCustom ? day(t("period.last"), to, (chosen) => onChoose(`${chosen < from ? chosen : from}~${chosen}`)) : null}
    </>
  );
};
PeriodChoice.props = ["value", "nowMs", "words", "onChoose"];
