/** The list of runs beside the panels: what is shown, in which colour, in which order. */

import { useMemo, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { besideHref } from '../../state/histograms/focus';
import { groupSlots } from '../../state/lines/lineGroups';
import { listHref } from '../../state/route';
import { removeRuns } from '../../state/runs/bulkEdits';
import { metricColumns } from '../../state/runs/metricValues';
import { columnName } from '../../state/runs/runColumns';
import { editedRun } from '../../state/runs/runEdits';
import { listedRuns, listRows } from '../../state/runs/runList';
import { setShown, showAll, showNone, toggleRun } from '../../state/runs/shownRuns';
import { parseSort } from '../../state/runs/visibility';
import { params } from '../../state/view/view';
import { compact } from '../../state/workspace/screen';
import type { Workspace } from '../../state/workspace/workspace';
import { RunActions } from '../runs/RunActions';
import { IconButton } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { Link } from '../widgets/Link';
import { VirtualRows } from '../widgets/VirtualRows';
import { GroupHead } from './GroupHead';
import { ListTools } from './ListTools';
import { RunRow } from './RunRow';
import { Sidebar } from './Sidebar';

const ROW_PIXELS = 28;

interface RunsSidebarProps {
  workspace: Workspace;
  /** Open as a drawer on narrow screens. */
  open: boolean;
}

export function RunsSidebar({ workspace, open }: RunsSidebarProps) {
  const { store } = workspace;
  const runs = store.runs.value;
  const visible = workspace.visible.value;
  const measured = metricColumns.value;
  const { rq, sort, filter, group, gfold, pins, base } = params.value;
  const rows = useMemo(
    () => listRows(runs, listedRuns(runs)),
    [runs, measured, rq, sort, filter, group, gfold, pins, base],
  );
  const [opened, setOpened] = useState<{ run: Run; anchor: HTMLElement } | null>(null);
  const shown = useMemo(() => new Set(visible.map(({ uid }) => uid)), [visible]);
  const metric = useMetric(runs, parseSort(sort).by);
  const slots = useMemo(() => groupSlots(runs, group ?? ''), [runs, group]);
  return (
    <Sidebar open={open} label="Runs">
      <div class="head">
        <h2 class="bold">Runs</h2>
        <span class="t12 dim ell">
          {visible.length} of {runs.length} shown
        </span>
        <span class="stretch" />
        <IconButton icon="eye" label="Show all runs" onClick={showAll} />
        <IconButton icon="eyeoff" label="Hide all runs" onClick={showNone} />
        <Link
          class="icon"
          href={besideHref(listHref(store.entity, store.project, 'runs'))}
          aria-label="All runs as a table"
          title="All runs as a table"
        >
          <Icon name="table" />
        </Link>
      </div>
      <ListTools runs={runs} />
      <div class="listrow colh" aria-hidden="true">
        <span />
        {!compact.value && <span />}
        <span>Name</span>
        <span />
        {!compact.value && <span>Runtime</span>}
        <span class="ell" title={metric}>
          {metric && columnName(metric)}
        </span>
      </div>
      <VirtualRows
        items={rows}
        height={ROW_PIXELS}
        label="Runs"
        class="runs"
        row={(row, top) =>
          row.kind === 'group' ? (
            <GroupHead
              key={`group ${row.group.id}`}
              group={row.group}
              slot={slots.get(row.group.name) ?? 0}
              top={top}
              shown={row.group.runs.filter(({ uid }) => shown.has(uid)).length}
              onShow={(on) => setShown(workspace.filtered.peek(), row.group.runs, on)}
            />
          ) : (
            <RunRow
              key={`${row.pinned ? 'pinned' : 'run'} ${row.run.uid}`}
              run={row.run}
              top={top}
              shown={shown.has(row.run.uid)}
              nested={row.nested}
              metric={metric}
              onToggle={() => toggleRun(workspace.filtered.peek(), visible, row.run)}
              onMenu={(anchor) => setOpened({ run: row.run, anchor })}
            />
          )
        }
      />
      {opened && (
        <RunActions
          key={opened.run.uid}
          {...opened}
          onEdit={(field) => (editedRun.value = { run: opened.run, field })}
          onRemove={() => void removeRuns([opened.run], listedRuns(runs))}
          onClose={() => setOpened(null)}
        />
      )}
    </Sidebar>
  );
}

/** The value beside each run: what the list is sorted by, else the first number of the summary. */
function useMetric(runs: Run[], by: string): string {
  const fallback = useMemo(() => {
    const summary = runs.find((run) => Object.keys(run.summary).length > 0)?.summary ?? {};
    const numbers = Object.keys(summary).filter(
      (key) => typeof summary[key] === 'number' && !key.startsWith('_'),
    );
    const best = numbers.find((key) => /loss/.test(key)) ?? numbers[0];
    return best ? `summary.${best}` : '';
  }, [runs]);
  return by.includes('.') ? by : fallback;
}
