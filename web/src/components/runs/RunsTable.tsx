/** All runs of a project as a table, with the tools above it. */

import { useMemo } from 'preact/hooks';
import type { Run } from '../../api/types';
import { downloadRuns } from '../../state/runs/download';
import { metricColumns } from '../../state/runs/metricValues';
import {
  columnsAtFirst,
  factsOf,
  goalOf,
  groupChoices,
  isMeasured,
} from '../../state/runs/runColumns';
import { groupField, listedRuns } from '../../state/runs/runList';
import { selected } from '../../state/runs/selection';
import { showAll, showNone } from '../../state/runs/shownRuns';
import { userRegExp } from '../../state/runs/visibility';
import { params, setParams } from '../../state/view/view';
import type { Workspace } from '../../state/workspace/workspace';
import { IconButton, SearchField, Select } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { ColumnMenu } from './ColumnMenu';
import { FilterChips } from './FilterChips';
import { FilterMenu } from './FilterMenu';
import { SortMenu } from './SortMenu';
import './menus.css';
import './runs.css';
import { SelectionBar } from './SelectionBar';
import type { CellColumn } from './TableCell';
import { TableRows } from './TableRows';

export function RunsTable({ workspace }: { workspace: Workspace }) {
  const runs = workspace.store.runs.value;
  const measured = metricColumns.value;
  const chosen = selected.value;
  const { filter, rq, sort } = params.value;
  const listed = useMemo(() => listedRuns(runs), [runs, measured, filter, rq, sort]);
  const shown = useColumns(runs);
  const columns = useFacts(workspace, listed, shown);
  const marked = useMemo(() => listed.filter(({ uid }) => chosen.has(uid)), [listed, chosen]);
  return (
    <>
      {marked.length > 0 ? (
        <SelectionBar workspace={workspace} chosen={marked} listed={listed} />
      ) : (
        <Tools workspace={workspace} listed={listed} shown={shown} />
      )}
      <TableRows workspace={workspace} listed={listed} columns={columns} />
    </>
  );
}

interface ToolsProps {
  workspace: Workspace;
  listed: Run[];
  shown: string[];
}

function Tools({ workspace, listed, shown }: ToolsProps) {
  const runs = workspace.store.runs.value;
  const search = params.value.rq ?? '';
  return (
    <div class="bar">
      <SearchField
        label="Search runs (regex)"
        value={search}
        invalid={!userRegExp(search)}
        onInput={(text) => setParams({ rq: text }, 'replace')}
      />
      <FilterMenu runs={runs} />
      <FilterChips runs={runs} />
      <span class="stretch" />
      <IconButton icon="eye" label="Show all runs in the workspace" onClick={showAll} />
      <IconButton icon="eyeoff" label="Hide all runs in the workspace" onClick={showNone} />
      <Select
        label="Group runs by"
        value={groupField.value}
        choices={groupChoices(runs)}
        onChange={(group) => setParams({ group, gfold: null }, 'push')}
      />
      <SortMenu runs={runs} />
      <ColumnMenu runs={runs} shown={shown} />
      <button
        type="button"
        class="btn"
        onClick={() => downloadRuns(`${workspace.store.project}-runs`, listed, shown)}
      >
        <Icon name="download" />
        CSV
      </button>
    </div>
  );
}

/** Columns that the address names and some run has; `-` is none. */
function useColumns(runs: Run[]): string[] {
  const chosen = params.value.columns;
  return useMemo(() => {
    if (runs.length === 0 || chosen === '-') return [];
    return chosen?.split(',').map(decodeURIComponent) ?? columnsAtFirst(runs);
  }, [runs, chosen]);
}

function useFacts(workspace: Workspace, listed: Run[], shown: string[]): CellColumn[] {
  const catalogue = workspace.store.catalogue.value;
  const measured = metricColumns.value;
  return useMemo(() => {
    const firstMeasured = shown.find(isMeasured);
    return shown.map((by, i) => ({
      by,
      facts: factsOf(listed, by),
      goal: goalOf(catalogue, by),
      edge: i === 0 || by === firstMeasured,
    }));
  }, [listed, shown, catalogue, measured]);
}
