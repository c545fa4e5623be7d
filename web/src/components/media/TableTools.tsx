/** Columns of a table: shown or hidden, grouped by, and what their cells must be. */

import { cellTest, type TableLook } from '../../math/tableLook';

interface TableToolsProps {
  columns: (string | number)[];
  look: TableLook;
  onLook(look: TableLook): void;
}

export function TableTools({ columns, look, onLook }: TableToolsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="columns t12" tabIndex={0} aria-label="Columns">
      <p class="dim">{'A filter is a text, 1..5, > 0.5, /regex/, missing or present.'}</p>
      {columns.map((name, i) => (
        <Column key={i} name={String(name)} at={i} look={look} onLook={onLook} />
      ))}
    </section>
  );
}

interface ColumnProps extends Omit<TableToolsProps, 'columns'> {
  name: string;
  at: number;
}

function Column({ name, at, look, onLook }: ColumnProps) {
  const { hidden, group, filters } = look;
  const filter = filters.get(at) ?? '';
  const wrong = filter !== '' && cellTest(filter) === null;
  const hide = () => {
    const next = new Set(hidden);
    if (!next.delete(at)) next.add(at);
    onLook({ ...look, hidden: next });
  };
  const groupBy = () => {
    const next = group.includes(at) ? group.filter((one) => one !== at) : [...group, at];
    onLook({ ...look, group: next });
  };
  return (
    <div class="row">
      <label class="row">
        <input type="checkbox" checked={!hidden.has(at)} onChange={hide} />
        <span class="ell" title={name}>
          {name}
        </span>
      </label>
      <label class="row">
        <input
          type="checkbox"
          aria-label={`Group by ${name}`}
          checked={group.includes(at)}
          onChange={groupBy}
        />
        group
      </label>
      <input
        class="field"
        aria-label={`Filter ${name}`}
        aria-invalid={wrong}
        title={wrong ? `"${filter}" is not a regular expression` : undefined}
        value={filter}
        onInput={({ currentTarget: { value } }) =>
          onLook({ ...look, filters: new Map(filters).set(at, value) })
        }
      />
    </div>
  );
}
