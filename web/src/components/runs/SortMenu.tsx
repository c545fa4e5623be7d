/** The order of the runs: what they are sorted by, and in which direction. */

import type { Run } from '../../api/types';
import { fieldLabel } from '../../state/runs/runColumns';
import { setSort, sortOf } from '../../state/runs/runList';
import { SORT_NAMES } from '../../state/view/choices';
import { IconButton } from '../widgets/controls';
import { lazy } from '../widgets/lazy';
import { Menu } from '../widgets/Menu';

const SortChoices = lazy(() => import('./SortChoices').then((m) => m.SortChoices));

export function SortMenu({ runs }: { runs: Run[] }) {
  const { by, descending } = sortOf();
  const name = SORT_NAMES[by] ?? fieldLabel(by);
  return (
    <span class="sortmenu">
      <Menu icon="sort" label={`Sort runs by: ${name}`} text={<span class="ell">{name}</span>} wide>
        {(close) => <SortChoices runs={runs} onDone={close} />}
      </Menu>
      <IconButton
        icon={descending ? 'downwards' : 'up'}
        label={descending ? 'Sort ascending' : 'Sort descending'}
        onClick={() => setSort({ by, descending: !descending })}
      />
    </span>
  );
}
