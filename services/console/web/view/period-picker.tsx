import { defineComponent, ref, watch } from "vue";
import { t } from "../messages/index.ts";
import { localOf, type Period, periodBetween, wordOf } from "./period.ts";
import { Select } from "./select.tsx";

const OWN = "own";

/**
 * A choice of periods by word, or of two times of Asia/Shanghai by native inputs; `current` is what is shown when the
 * reader begins to choose times.
 */
export const PeriodPicker = defineComponent(
  (props: {
    name: string;
    label: string;
    value: string;
    options: readonly (readonly [word: string, name: string])[];
    current: Period;
    onChoose: (word: string) => void;
  }) => {
    const isOwn = ref(false);
    const [from, to] = [ref(""), ref("")];
    watch(
      () => props.value,
      (word) => {
        const between = periodBetween(word);
        isOwn.value = between !== null;
        if (between) [from.value, to.value] = [localOf(between.from), localOf(between.to)];
      },
      { immediate: true },
    );
    const choose = (word: string) => {
      isOwn.value = word === OWN;
      if (word !== OWN) return props.onChoose(word);
      [from.value, to.value] = [localOf(props.current.from), localOf(props.current.to)];
      props.onChoose(wordOf(from.value, to.value));
    };
    const isPeriod = () => periodBetween(wordOf(from.value, to.value)) !== null;
    const change = () => {
      if (isPeriod()) props.onChoose(wordOf(from.value, to.value));
    };
    const input = (end: "from" | "to", value: typeof from) => (
      <label>
        {t(`period.${end}`)}
        <input
          type="datetime-local"
          data-end={`${props.name}-${end}`}
          step={300}
          value={value.value}
          aria-invalid={!isPeriod()}
          onChange={(event) => {
            value.value = (event.target as HTMLInputElement).value;
            change();
          }}
        />
      </label>
    );
    return () => (
      <fieldset class="period" data-period={props.name}>
        <legend class="unseen">{props.label}</legend>
        <Select
          label={props.label}
          value={isOwn.value ? OWN : props.value}
          options={[...props.options, [OWN, t("period.own")]]}
          onChoose={choose}
        />
        {isOwn.value ? (
          <>
            {input("from", from)}
            {input("to", to)}
            {isPeriod() ? null : (
              <span class="wrong" role="alert">
                {t("period.wrong")}
              </span>
            )}
          </>
        ) : null}
      </fieldset>
    );
  },
  { props: ["name", "label", "value", "options", "current", "onChoose"] },
);
