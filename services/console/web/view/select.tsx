import type { FunctionalComponent } from "vue";

/** A choice with its label; `options` are words and their names. */
export const Select: FunctionalComponent<{
  label: string;
  value: string;
  options: readonly (readonly [word: string, name: string])[];
  onChoose: (word: string) => void;
}> = ({ label, value, options, onChoose }) => (
  <label>
    {label}
    <select value={value} onChange={(event) => onChoose((event.target as HTMLSelectElement).value)}>
      {options.map(([word, name]) => (
        <option key={word} value={word} selected={word === value}>
          {name}
        </option>
      ))}
    </select>
  </label>
);
Select.props = ["label", "value", "options", "onChoose"];
