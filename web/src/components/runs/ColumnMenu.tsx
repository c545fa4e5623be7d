/** Which config and summary values are columns. */

import { useState } from 'preact/hooks';
import { setParams } from '../../state/view';
import { userRegExp } from '../../state/visibility';
import { Check, SearchField } from '../controls';
import { Menu } from '../Menu';

const MOST_LISTED = 200;

interface ColumnMenuProps {
  all: string[];
  shown: string[];
}

/** Config stands before summary, whatever the order in which they were chosen. */
function setColumns(chosen: string[]): void {
  const ordered = [
    ...chosen.filter((by) => by.startsWith('config.')),
    ...chosen.filter((by) => !by.startsWith('config.')),
  ];
  setParams({ columns: ordered.map(encodeURIComponent).join(',') || '-' }, 'push');
}

export function ColumnMenu({ all, shown }: ColumnMenuProps) {
  const [search, setSearch] = useState('');
  const pattern = userRegExp(search);
  const found = pattern ? all.filter((by) => pattern.test(by)) : all;
  const toggle = (by: string, on: boolean) =>
    setColumns(on ? [...shown, by] : shown.filter((name) => name !== by));
  return (
    <Menu icon="table" label="Columns" text={`Columns ${shown.length} of ${all.length}`} wide>
      {() => (
        <>
          <div class="opt">
            <span class="sp">
              <SearchField
                outlined
                label="Search columns (regex)"
                value={search}
                invalid={!pattern}
                onInput={setSearch}
              />
            </span>
          </div>
          <div class="opt">
            <button
              type="button"
              class="btn ghost fit"
              onClick={() => setColumns([...new Set([...shown, ...found])])}
            >
              Show these
            </button>
            <button
              type="button"
              class="btn ghost fit"
              onClick={() => setColumns(shown.filter((by) => !found.includes(by)))}
            >
              Hide these
            </button>
          </div>
          <hr />
          <div class="choices">
            {found.slice(0, MOST_LISTED).map((by) => (
              <div class="opt" key={by}>
                <Check label={by} checked={shown.includes(by)} onChange={(on) => toggle(by, on)} />
              </div>
            ))}
            {found.length > MOST_LISTED && (
              <div class="opt">{found.length - MOST_LISTED} more: search for them</div>
            )}
          </div>
        </>
      )}
    </Menu>
  );
}
