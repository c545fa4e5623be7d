/** The button that opens the editor of the filter, with the number of its conditions. */

import type { Run } from '../../api/types';
import { filterOpen } from '../../state/runs/filterDraft';
import { filterRoot } from '../../state/runs/filters';
import { conditionsOf } from '../../state/runs/filterTree';
import { lazy } from '../widgets/lazy';
import { Menu } from '../widgets/Menu';

const FilterEditor = lazy(() => import('./FilterEditor').then((m) => m.FilterEditor));

export function FilterMenu({ runs }: { runs: Run[] }) {
  const count = conditionsOf(filterRoot.value).length;
  const text = <>Filter {count > 0 && <b>{count}</b>}</>;
  return (
    <Menu icon="filter" label="Filter runs" text={text} wide opened={filterOpen}>
      {(close) => <FilterEditor runs={runs} onDone={close} />}
    </Menu>
  );
}
