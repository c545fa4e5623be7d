/** The button that opens the editor of the filter, with the number of its conditions. */

import type { Run } from '../api/types';
import { filterOpen } from '../state/filterDraft';
import { filterRoot } from '../state/filters';
import { conditionsOf } from '../state/filterTree';
import { lazy } from './lazy';
import { Menu } from './Menu';

const FilterEditor = lazy(() => import('./runs/FilterEditor').then((m) => m.FilterEditor));

export function FilterMenu({ runs }: { runs: Run[] }) {
  const count = conditionsOf(filterRoot.value).length;
  const text = <>Filter {count > 0 && <b>{count}</b>}</>;
  return (
    <Menu icon="filter" label="Filter runs" text={text} wide opened={filterOpen}>
      {(close) => <FilterEditor runs={runs} onDone={close} />}
    </Menu>
  );
}
