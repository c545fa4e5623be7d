/** The rows of the table: only those in sight exist, and scrolling moves them to where it goes. */

import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { tellingNames } from '../../math/nameParts';
import { removeRuns } from '../../state/runs/bulkEdits';
import { columnWidths } from '../../state/runs/columnWidths';
import type { EditedField } from '../../state/runs/runEdits';
import { baselineId, type ListRow, listRows } from '../../state/runs/runList';
import { nextRow, select, selected } from '../../state/runs/selection';
import { setShown, toggleRun } from '../../state/runs/shownRuns';
import { params, setParams } from '../../state/view/view';
import type { Workspace } from '../../state/workspace/workspace';
import { useOneStop } from '../widgets/oneStop';
import { gridColumns, nameRoom } from './columnWidths';
import { GroupRow } from './GroupRow';
import { RunActions } from './RunActions';
import type { CellColumn } from './TableCell';
import { TableHead } from './TableHead';
import { type RowActions, TableRow } from './TableRow';

const ROW_PIXELS = 32;
/** Rows beyond the window at either end, so that a quick turn of the wheel shows no gap. */
const OVERSCAN = 8;
/** After so long without a scroll event the rows stand still. */
const STILL_MS = 150;

interface TableRowsProps {
  workspace: Workspace;
  listed: Run[];
  columns: CellColumn[];
}

export function TableRows({ workspace, listed, columns }: TableRowsProps) {
  const runs = workspace.store.runs.value;
  const visible = workspace.visible.value;
  const chosen = selected.value;
  const { group, gfold, pins, base } = params.value;
  const rows = useMemo(() => listRows(runs, listed), [runs, listed, group, gfold, pins, base]);
  const shown = useMemo(() => new Set(visible.map(({ uid }) => uid)), [visible]);
  const baseline = useMemo(
    () => runs.find(({ run_id }) => run_id === baselineId.value) ?? null,
    [runs, base],
  );
  const { edited, opened, actions, close } = useRowActions(workspace, rows);
  const notes = edited?.field === 'notes' || listed.some((run) => run.notes !== '');
  const grid = useMemo(
    () => gridColumns(listed, columns, baseline !== null, notes, columnWidths.value),
    [listed, columns, baseline, notes, columnWidths.value],
  );
  const names = useShortNames(listed);
  const { box, from, count, sideways, moving, onScroll } = useWindow();
  const slots = Math.min(count, rows.length);
  const first = Math.max(0, Math.min(from, rows.length - slots));
  const fixed = notes ? 6 : 5;
  const order = useOrder(first, slots, moving);
  useFocusOfNextRow(box);
  useOneStop(box, 'tbody tr');
  return (
    <section
      class={`sheet ${sideways ? 'sideways' : ''}`}
      ref={box}
      onScroll={onScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
      tabIndex={0}
      aria-label="Runs"
    >
      <table
        class={`table runs ${baseline ? 'compared' : ''} ${chosen.size > 0 ? 'selecting' : ''}`}
        style={{ '--cols': grid.template, minWidth: `${grid.pixels}px` }}
        aria-rowcount={rows.length + 1}
      >
        <TableHead
          columns={columns}
          baseline={baseline}
          listed={listed}
          total={runs.length}
          notes={notes}
        />
        <tbody style={{ height: `${rows.length * ROW_PIXELS}px` }}>
          {order.map((at) => {
            const row = rows[at];
            const place = { top: at * ROW_PIXELS, index: at + 2 };
            // the row that leaves at one end is the one that comes in at the other
            const slot = at % slots;
            return row.kind === 'group' ? (
              <GroupRow
                key={`group ${slot}`}
                {...place}
                group={row.group}
                columns={columns}
                baseline={baseline !== null}
                fixed={fixed}
                shown={row.group.runs.filter(({ uid }) => shown.has(uid)).length}
                onShow={(on) => setShown(workspace.filtered.peek(), row.group.runs, on)}
              />
            ) : (
              <TableRow
                key={slot}
                {...place}
                run={row.run}
                label={names.get(row.run.name) ?? row.run.name}
                columns={columns}
                shown={shown.has(row.run.uid)}
                selected={chosen.has(row.run.uid)}
                pinned={row.pinned}
                nested={row.nested}
                baseline={baseline}
                edited={edited?.uid === row.run.uid ? edited.field : null}
                notes={notes}
                actions={actions}
              />
            );
          })}
        </tbody>
      </table>
      {rows.length === 0 && <Nobody />}
      {opened && (
        <RunActions
          key={opened.run.uid}
          {...opened}
          onEdit={(field) => actions.edit(opened.run, field)}
          onRemove={() => void removeRuns([opened.run], runsOf(rows))}
          onClose={close}
        />
      )}
    </section>
  );
}

const LETTER_PIXELS = 7.5;

/** Names that their column has no room for, as short as they can be told apart. */
function useShortNames(listed: Run[]): Map<string, string> {
  const letters = nameRoom(columnWidths.value) / LETTER_PIXELS;
  return useMemo(() => {
    const short = tellingNames(listed.map(({ name }) => name));
    return new Map([...short].filter(([name]) => name.length > letters));
  }, [listed, letters]);
}

interface Edited {
  uid: number;
  field: EditedField;
}

interface Opened {
  run: Run;
  anchor: HTMLElement;
}

/** In the order in which they are seen, so that a range is what lies between. */
const runsOf = (rows: ListRow[]): Run[] =>
  rows.flatMap((row) => (row.kind === 'run' ? [row.run] : []));

/** What a row asks for: which one is edited, and whose menu is open. */
function useRowActions(workspace: Workspace, rows: ListRow[]) {
  const [edited, setEdited] = useState<Edited | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const latest = useRef(rows);
  latest.current = rows;
  const actions = useMemo<RowActions>(
    () => ({
      toggle: (run) => toggleRun(workspace.filtered.peek(), workspace.visible.peek(), run),
      select: (run, on, range) => select(runsOf(latest.current), run, on, range),
      open: (run, anchor) =>
        setOpened((now) => (now?.run.uid === run.uid ? null : { run, anchor })),
      edit: (run, field) => setEdited(field && { uid: run.uid, field }),
    }),
    [workspace],
  );
  return { edited, opened, actions, close: () => setOpened(null) };
}

function Nobody() {
  const clear = () => setParams({ filter: null, rq: null }, 'push');
  return (
    <p class="nothing">
      No run matches the search and the filters.{' '}
      <button type="button" class="link" onClick={clear}>
        Show all runs
      </button>
    </p>
  );
}

/**
 * The rows in the order of their elements: as they are seen, for keyboard and screen readers. While
 * they are moving no element is moved among the others, which would cost its style and layout.
 */
function useOrder(first: number, slots: number, moving: boolean): number[] {
  const turn = useRef(0);
  if (!moving) turn.current = slots > 0 ? first % slots : 0;
  const ahead = turn.current - (first % slots) + slots;
  return Array.from({ length: slots }, (_, i) => first + ((ahead + i) % slots));
}

/** Once the rows stand anew; their own focus has gone to the box by then. */
function useFocusOfNextRow(box: RefObject<HTMLElement | null>): void {
  const uid = nextRow.value;
  useEffect(() => {
    if (uid === null) return;
    box.current!.querySelector<HTMLElement>(`[data-run='${uid}'] .rowacts`)?.focus();
    nextRow.value = null;
  }, [uid]);
}

interface Range {
  from: number;
  count: number;
  sideways: boolean;
  moving: boolean;
}

const same = (a: Range, b: Range): boolean =>
  a.from === b.from && a.count === b.count && a.sideways === b.sideways && a.moving === b.moving;

/** The rows that are in sight, how many there is room for, and whether columns are scrolled off. */
function useWindow() {
  const box = useRef<HTMLElement>(null);
  const [range, setRange] = useState<Range>({ from: 0, count: 40, sideways: false, moving: false });
  const timer = useRef(0);
  const measure = (moving: boolean) => {
    const { scrollTop, scrollLeft, clientHeight } = box.current!;
    const from = Math.max(0, Math.floor(scrollTop / ROW_PIXELS) - OVERSCAN);
    const count = Math.ceil(clientHeight / ROW_PIXELS) + 2 * OVERSCAN;
    const next = { from, count, sideways: scrollLeft > 0, moving };
    setRange((now) => (same(now, next) ? now : next));
  };
  const onScroll = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => measure(false), STILL_MS);
    measure(true);
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => measure(false));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  return { box, ...range, onScroll };
}
