/** Above the list of runs: search, order, groups, filter. */

import type { Run } from '../../api/types';
import { filterFault, filterRoot } from '../../state/runs/filters';
import { groupChoices } from '../../state/runs/runColumns';
import { groupField } from '../../state/runs/runList';
import { userRegExp } from '../../state/runs/visibility';
import { params, setParams } from '../../state/view/view';
import { FilterMenu } from '../runs/FilterMenu';
import { SortMenu } from '../runs/SortMenu';
import { IconButton, SearchField, Select } from '../widgets/controls';

export function ListTools({ runs }: { runs: Run[] }) {
  const search = params.value.rq ?? '';
  const filtered = filterRoot.value.parts.length > 0 || filterFault.value !== null;
  return (
    <>
      <div class="tools">
        <span class="stretch">
          <SearchField
            outlined
            label="Search runs (regex)"
            value={search}
            invalid={!userRegExp(search)}
            onInput={(rq) => setParams({ rq }, 'replace')}
          />
        </span>
        <FilterMenu runs={runs} />
        {filtered && (
          <IconButton
            small
            icon="x"
            label="Remove the filter of runs"
            onClick={() => setParams({ filter: null }, 'push')}
          />
        )}
      </div>
      <div class="tools">
        <Select
          label="Group runs by"
          value={groupField.value}
          choices={groupChoices(runs)}
          onChange={(by) => setParams({ group: by, gfold: null }, 'push')}
        />
        <span class="stretch" />
        <SortMenu runs={runs} />
      </div>
    </>
  );
}
