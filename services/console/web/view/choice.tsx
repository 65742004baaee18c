import type { FunctionalComponent } from "vue";

/** A choice of few, all of them seen: the one in force is pressed. */
export const Choice: FunctionalComponent<{
  label: string;
  value: string;
  options: readonly (readonly [word: string, name: string])[];
  onChoose: (word: string) => void;
}> = ({ label, value, options, onChoose }) => (
  <fieldset class="choice" aria-label={label}>
    {options.map(([word, name]) => (
      <button key={word} type="button" data-choice={word} aria-pressed={word === value} onClick={() => onChoose(word)}>
        {name}
      </button>
    ))}
  </fieldset>
);
Choice.props = ["label", "value", "options", "onChoose"];
