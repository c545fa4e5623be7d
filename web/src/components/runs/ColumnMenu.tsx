/** Which config and summary values, and which facts of where runs ran, are columns. */

import { useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { openProject } from '../../state/overlays';
import { metricKeys } from '../../state/runs/metricValues';
import {
  columnsOf,
  fieldLabel,
  fullName,
  offeredAggregates,
  placesOf,
} from '../../state/runs/runColumns';
import { userRegExp } from '../../state/runs/visibility';
import { setParams } from '../../state/view/view';
import { Check, SearchField } from '../widgets/controls';
import { Menu } from '../widgets/Menu';

const MOST_LISTED = 200;

interface ColumnMenuProps {
  runs: Run[];
  shown: string[];
}

/** Config stands before summary, whatever the order in which they were chosen. */
function setColumns(chosen: string[]): void {
  const isPlace = (by: string) => !by.includes('.');
  const isConfig = (by: string) => by.startsWith('config.');
  const ordered = [
    ...chosen.filter(isPlace),
    ...chosen.filter(isConfig),
    ...chosen.filter((by) => !isPlace(by) && !isConfig(by)),
  ];
  setParams({ columns: ordered.map(encodeURIComponent).join(',') || '-' }, 'push');
}

export function ColumnMenu({ runs, shown }: ColumnMenuProps) {
  const count = new Set([...placesOf(runs), ...columnsOf(runs), ...shown]).size;
  return (
    <Menu icon="table" label="Columns" text={`Columns ${shown.length} of ${count}`} wide>
      {() => <Columns runs={runs} shown={shown} />}
    </Menu>
  );
}

function Columns({ runs, shown }: ColumnMenuProps) {
  const [search, setSearch] = useState('');
  const pattern = userRegExp(search);
  const all = [...placesOf(runs), ...columnsOf(runs)];
  // what define_metric keeps out of the summary has values over all steps all the same
  const others = metricKeys.value.map((key) => `summary.${key}`).filter((by) => !all.includes(by));
  const fits = (by: string) => pattern?.test(by) ?? true;
  const found = all.filter(fits);
  const rows = [...found, ...others.filter(fits)];
  const toggle = (by: string, on: boolean) =>
    setColumns(on ? [...shown, by] : shown.filter((name) => name !== by));
  return (
    <>
      <div class="opt">
        <span class="stretch">
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
          Show all matching
        </button>
        <button
          type="button"
          class="btn ghost fit"
          onClick={() => setColumns(shown.filter((by) => !found.includes(by)))}
        >
          Hide all matching
        </button>
      </div>
      <hr />
      <div class="choices">
        {rows.slice(0, MOST_LISTED).map((by) => (
          <div class="opt metric" key={by}>
            {others.includes(by) ? (
              <span class="ell">{fullName(by)}</span>
            ) : (
              <Check
                label={fullName(by)}
                checked={shown.includes(by)}
                onChange={(on) => toggle(by, on)}
              />
            )}
            {by.startsWith('summary.') && (
              <Aggregates name={by.slice('summary.'.length)} shown={shown} onToggle={toggle} />
            )}
          </div>
        ))}
        {rows.length > MOST_LISTED && (
          <div class="opt">{rows.length - MOST_LISTED} more: search for them</div>
        )}
      </div>
    </>
  );
}

interface AggregatesProps {
  name: string;
  shown: string[];
  onToggle(by: string, on: boolean): void;
}

/** The values of a metric over all steps, each a column of its own. */
function Aggregates({ name, shown, onToggle }: AggregatesProps) {
  const catalogue = openProject.value?.catalogue.value;
  if (!catalogue || !metricKeys.value.includes(name)) return null;
  return (
    <span class="aggregates">
      {offeredAggregates(catalogue, name).map((aggregate) => {
        const by = `${aggregate}.${name}`;
        const on = shown.includes(by);
        return (
          <button
            type="button"
            key={aggregate}
            aria-pressed={on}
            aria-label={fieldLabel(by)}
            title={`${fieldLabel(by)} as a column`}
            onClick={() => onToggle(by, !on)}
          >
            {aggregate}
          </button>
        );
      })}
    </span>
  );
}
