import type { FunctionalComponent } from "vue";
import type { Column } from "./csv.ts";

/** A list as a table that scrolls by itself: a head of the columns' titles, with room behind it for what can be done with a row. */
export const ListTable: FunctionalComponent<{
  label: string;
  columns: readonly Pick<Column<never>, "name" | "title">[];
  acts?: boolean;
  class?: string;
}> = ({ label, columns, acts }, { slots }) => (
  <section class="scroll" tabindex={0} aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns.map(({ name, title }) => (
            <th key={name} scope="col" class="words">
              {title}
            </th>
          ))}
          {acts ? <td /> : null}
        </tr>
      </thead>
      <tbody>{slots.default?.({})}</tbody>
    </table>
  </section>
);
ListTable.props = { label: String, columns: Array, acts: Boolean };
