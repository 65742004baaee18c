import type { FunctionalComponent } from "vue";

/** A field that searches as a person types; its label is read out and stands in it while it is empty. */
export const Search: FunctionalComponent<{ label: string; value: string; onSearch: (text: string) => void }> = ({
  label,
  value,
  onSearch,
}) => (
  <input
    type="search"
    class="search"
    aria-label={label}
    placeholder={label}
    value={value}
    onInput={(event) => onSearch((event.target as HTMLInputElement).value.trimStart())}
  />
);
Search.props = ["label", "value", "onSearch"];
