/** The list of runs beside the panels: what is shown, in which colour, in which order. */

import { useMemo, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { mainMetric } from '../../math/metricNames';
import { tellingNames } from '../../math/nameParts';
import { besideHref } from '../../state/histograms/focus';
import { groupSlots } from '../../state/lines/lineGroups';
import { listHref } from '../../state/route';
import { removeRuns } from '../../state/runs/bulkEdits';
import { metricColumns } from '../../state/runs/metricValues';
import { columnName, factsOf } from '../../state/runs/runColumns';
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
import { Sidebar, sidebarWidth } from './Sidebar';

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
  const digits = useMemo(() => (metric ? factsOf(runs, metric).digits : 4), [runs, metric]);
  const room = { '--value': `${valuePixels(digits)}px` };
  const names = useShortNames(runs, digits);
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
      <div class="listrow colh" style={room} aria-hidden="true">
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
        style={room}
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
              digits={digits}
              label={names.get(row.run.name) ?? row.run.name}
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

/** What the value beside a name takes. */
const valuePixels = (digits: number): number => Math.max(60, 12 + 7 * (digits + 1));

/** All but the name and the value of a row. */
const ROW_REST = { wide: 158, compact: 80 };
const LETTER_PIXELS = 7.4;

/** Names that have no room for all their letters, as short as they can be told apart. */
function useShortNames(runs: Run[], digits: number): Map<string, string> {
  const side = sidebarWidth.value ?? (compact.value ? 232 : 320);
  const rest = compact.value ? ROW_REST.compact : ROW_REST.wide;
  const letters = (side - rest - valuePixels(digits)) / LETTER_PIXELS;
  return useMemo(() => {
    const short = tellingNames(
      runs.map(({ name }) => name),
      letters,
    );
    return new Map([...short].filter(([name]) => name.length > letters));
  }, [runs, letters]);
}

/** The value beside each run: what the list is sorted by, else a telling one that most runs have. */
function useMetric(runs: Run[], by: string): string {
  const fallback = useMemo(() => {
    const best = mainMetric(runs.map(({ summary }) => summary));
    return best === null ? '' : `summary.${best}`;
  }, [runs]);
  return by.includes('.') ? by : fallback;
}
