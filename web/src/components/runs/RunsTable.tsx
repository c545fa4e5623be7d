/** All runs of a project as a table of any length: only the rows in sight exist. */

import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { downloadRuns } from '../../state/download';
import { columnsAtFirst, columnsOf, factsOf, goalOf, groupChoices } from '../../state/runColumns';
import { baselineId, groupField, type ListRow, listedRuns, listRows } from '../../state/runList';
import { params, setParams } from '../../state/view';
import { showAll, showNone, toggleRun, userRegExp } from '../../state/visibility';
import type { Workspace } from '../../state/workspace';
import { IconButton, SearchField, Select } from '../controls';
import { Icon } from '../Icon';
import { ColumnMenu } from './ColumnMenu';
import { FilterBar } from './FilterBar';
import './runs.css';
import { TableHead } from './TableHead';
import { type CellColumn, GroupRow, RunRow } from './TableRow';

const ROW_PIXELS = 32;
const OVERSCAN = 10;
/** Elements of rows that are kept after they have left the window. */
const MOST_KEPT = 400;

export function RunsTable({ workspace }: { workspace: Workspace }) {
  const runs = workspace.store.runs.value;
  const { filter, any, rq, sort } = params.value;
  const listed = useMemo(() => listedRuns(runs), [runs, filter, any, rq, sort]);
  const shown = useColumns(runs);
  const columns = useFacts(workspace, listed, shown);
  const exportCsv = () => downloadRuns(workspace.store.project, listed, shown);
  return (
    <>
      <div class="bar">
        <SearchField
          label="Search runs (regex)"
          value={rq ?? ''}
          invalid={!userRegExp(rq ?? '')}
          onInput={(text) => setParams({ rq: text }, 'replace')}
        />
        <FilterBar runs={runs} />
        <span class="sp" />
        <IconButton icon="eye" label="Show all runs in the workspace" onClick={showAll} />
        <IconButton icon="eyeoff" label="Hide all runs in the workspace" onClick={showNone} />
        <Select
          label="Group runs by"
          value={groupField.value}
          choices={groupChoices(runs)}
          onChange={(group) => setParams({ group, gfold: null }, 'push')}
        />
        <ColumnMenu all={columnsOf(runs)} shown={shown} />
        <button type="button" class="btn" onClick={exportCsv}>
          <Icon name="download" />
          CSV
        </button>
      </div>
      <Rows workspace={workspace} listed={listed} columns={columns} />
    </>
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
  return useMemo(() => {
    const firstSummary = shown.find((by) => by.startsWith('summary.'));
    return shown.map((by, i) => ({
      by,
      facts: factsOf(listed, by),
      goal: goalOf(catalogue, listed, by),
      edge: i === 0 || by === firstSummary,
    }));
  }, [listed, shown, catalogue]);
}

interface RowsProps {
  workspace: Workspace;
  listed: Run[];
  columns: CellColumn[];
}

function Rows({ workspace, listed, columns }: RowsProps) {
  const runs = workspace.store.runs.value;
  const visible = workspace.visible.value;
  const { group, gfold, pins, base } = params.value;
  const rows = useMemo(() => listRows(runs, listed), [runs, listed, group, gfold, pins, base]);
  const shown = useMemo(() => new Set(visible.map(({ uid }) => uid)), [visible]);
  const baseline = runs.find(({ run_id }) => run_id === baselineId.value) ?? null;
  const { box, from, to, onScroll } = useWindow(rows.length);
  // the same element is not compared again: scrolling costs only the rows that come in
  const drawn = useMemo(() => new Map<ListRow, VNode>(), [rows, columns, shown, visible, baseline]);
  const draw = (row: ListRow): VNode => {
    const known = drawn.get(row);
    if (known) return known;
    if (drawn.size > MOST_KEPT) drawn.clear();
    const made = make(row);
    drawn.set(row, made);
    return made;
  };
  const make = (row: ListRow): VNode =>
    row.kind === 'group' ? (
      <GroupRow
        key={`group ${row.group.name}`}
        field={groupField.value}
        group={row.group}
        columns={columns}
        baseline={baseline !== null}
      />
    ) : (
      <RunRow
        key={row.run.uid}
        run={row.run}
        columns={columns}
        shown={shown.has(row.run.uid)}
        pinned={row.pinned}
        baseline={baseline}
        onToggle={() => toggleRun(workspace.filtered.peek(), visible, row.run)}
      />
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="sheet" ref={box} onScroll={onScroll} tabIndex={0} aria-label="Runs">
      <table class={`table runs ${baseline ? 'compared' : ''}`} aria-rowcount={rows.length}>
        <TableHead
          columns={columns}
          baseline={baseline}
          shown={listed.length}
          total={runs.length}
        />
        {from > 0 && <Gap rows={from} />}
        <tbody>{rows.slice(from, to).map(draw)}</tbody>
        {to < rows.length && <Gap rows={rows.length - to} />}
      </table>
      {rows.length === 0 && <Nobody />}
    </section>
  );
}

/** Rows that are out of sight, as one row of their height. */
function Gap({ rows }: { rows: number }) {
  return (
    <tbody aria-hidden="true">
      <tr>
        <td class="gap" style={{ height: `${rows * ROW_PIXELS}px` }} />
      </tr>
    </tbody>
  );
}

function Nobody() {
  const clear = () => setParams({ filter: null, rq: null }, 'push');
  return (
    <p class="nothing">
      No run fits the search and the filters.{' '}
      <button type="button" class="link" onClick={clear}>
        Show all runs
      </button>
    </p>
  );
}

/** The rows that are in sight: state changes only when another row comes near. */
function useWindow(length: number) {
  const box = useRef<HTMLElement>(null);
  const [range, setRange] = useState({ from: 0, to: 40 });
  const onScroll = () => {
    const { scrollTop, clientHeight } = box.current!;
    const first = Math.floor(scrollTop / ROW_PIXELS);
    const near = first - (first % OVERSCAN);
    const from = Math.max(0, near - OVERSCAN);
    const to = near + Math.ceil(clientHeight / ROW_PIXELS) + 2 * OVERSCAN;
    if (from !== range.from || to !== range.to) setRange({ from, to });
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(onScroll);
    observer.observe(box.current!);
    return () => observer.disconnect();
  });
  const from = Math.min(range.from, Math.max(0, length - OVERSCAN));
  return { box, from, to: Math.min(length, range.to), onScroll };
}
