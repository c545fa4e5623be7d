/** The list of runs beside the panels: what is shown, in which colour, in which order. */

import type { ComponentChildren } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../api/types';
import { runColor } from '../math/color';
import { formatDuration } from '../math/numbers';
import { Link, runHref, runsHref } from '../router';
import { filters } from '../state/filters';
import { drawsGroups, groupSlots } from '../state/lineGroups';
import { remember, remembered } from '../state/memory';
import { groupChoices } from '../state/runColumns';
import { groupField, listedRuns, listRows, type RunGroup, toggleGroup } from '../state/runList';
import { compact } from '../state/screen';
import { params, setParams } from '../state/view';
import {
  colorOf,
  cssColor,
  formatSort,
  highlighted,
  parseSort,
  runValue,
  showAll,
  showNone,
  toggleRun,
  userRegExp,
} from '../state/visibility';
import type { Workspace } from '../state/workspace';
import '../styles/groups.css';
import { type Choice, IconButton, SearchField, Select } from './controls';
import { Icon, StateGlyph } from './Icon';
import { ValueText } from './ValueText';
import { VirtualRows } from './VirtualRows';

const ROW_PIXELS = 28;
const WIDTHS = { least: 232, most: 480, usual: 320 };

interface RunsSidebarProps {
  workspace: Workspace;
  /** Open as a drawer on narrow screens. */
  open: boolean;
}

export function RunsSidebar({ workspace, open }: RunsSidebarProps) {
  const { store } = workspace;
  const runs = store.runs.value;
  const visible = workspace.visible.value;
  const search = params.value.rq ?? '';
  const pattern = userRegExp(search);
  const sort = parseSort(params.value.sort);
  const { filter, any, group, gfold, pins, base } = params.value;
  const rows = useMemo(
    () => listRows(runs, listedRuns(runs)),
    [runs, search, formatSort(sort), filter, any, group, gfold, pins, base],
  );
  const shown = useMemo(() => new Set(visible.map(({ uid }) => uid)), [visible]);
  const metric = useMetric(runs, sort.by);
  const slots = useMemo(() => groupSlots(runs, group ?? ''), [runs, group]);
  return (
    <Sidebar open={open} label="Runs">
      <div class="head">
        <h2 class="b">Runs</h2>
        <span class="t12 dim ell">
          {visible.length} of {runs.length} shown
        </span>
        <span class="sp" />
        <IconButton icon="eye" label="Show all runs" onClick={showAll} />
        <IconButton icon="eyeoff" label="Hide all runs" onClick={showNone} />
        <Link
          class="icon"
          href={runsHref(store.entity, store.project)}
          aria-label="All runs as a table"
          title="All runs as a table"
        >
          <Icon name="table" />
        </Link>
      </div>
      <div class="tools">
        <span class="sp">
          <SearchField
            outlined
            label="Search runs (regex)"
            value={search}
            invalid={!pattern}
            onInput={(rq) => setParams({ rq }, 'replace')}
          />
        </span>
        <SortControl runs={runs} />
      </div>
      <div class="tools">
        <Select
          label="Group runs by"
          value={groupField.value}
          choices={groupChoices(runs)}
          onChange={(by) => setParams({ group: by, gfold: null }, 'push')}
        />
        <span class="sp" />
        {filters.value.length > 0 && (
          <button
            type="button"
            class="chip"
            aria-label="Remove the filters of runs"
            onClick={() => setParams({ filter: null }, 'push')}
          >
            {filters.value.length} {filters.value.length === 1 ? 'filter' : 'filters'}
            <Icon name="x" />
          </button>
        )}
      </div>
      <div class="r colh" aria-hidden="true">
        <span />
        {!compact.value && <span />}
        <span>Name</span>
        <span />
        {!compact.value && <span>Runtime</span>}
        <span class="ell" title={metric}>
          {metric.slice(metric.indexOf('.') + 1)}
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
              key={`group ${row.group.name}`}
              group={row.group}
              slot={slots.get(row.group.name) ?? 0}
              top={top}
            />
          ) : (
            <Row
              key={row.run.uid}
              run={row.run}
              top={top}
              shown={shown.has(row.run.uid)}
              metric={metric}
              onToggle={() => toggleRun(workspace.filtered.peek(), visible, row.run)}
            />
          )
        }
      />
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

interface GroupHeadProps {
  group: RunGroup;
  slot: number;
  top: number;
}

function GroupHead({ group, slot, top }: GroupHeadProps) {
  const { name, runs, open } = group;
  return (
    <button
      type="button"
      class="r grouphead"
      style={{ top: `${top}px`, '--c': cssColor(runColor(slot)) }}
      aria-expanded={open}
      onClick={() => toggleGroup(name)}
    >
      <Icon name={open ? 'down' : 'right'} />
      {drawsGroups.value && <span class="dot" />}
      <span class="ell">
        {groupField.value.replace(/^config\./, '')} <b>{name}</b>
      </span>
      <span class="dim">{runs.length}</span>
    </button>
  );
}

interface RowProps {
  run: Run;
  top: number;
  shown: boolean;
  metric: string;
  onToggle(): void;
}

function Row({ run, top, shown, metric, onToggle }: RowProps) {
  const light = () => {
    highlighted.value = shown ? run.uid : null;
  };
  const dim = () => {
    highlighted.value = null;
  };
  return (
    <div
      class={`r ${shown ? '' : 'off'}`}
      style={{ top: `${top}px`, '--c': cssColor(colorOf(run)) }}
      onPointerEnter={light}
      onPointerLeave={dim}
    >
      {/* where there is no room for an eye, the dot is the button */}
      <button
        type="button"
        class={compact.value ? 'dotbox' : 'eye'}
        aria-pressed={shown}
        aria-label={`${shown ? 'Hide' : 'Show'} ${run.name}`}
        onClick={onToggle}
      >
        {compact.value ? <span class="dot" /> : <Icon name={shown ? 'eye' : 'eyeoff'} />}
      </button>
      {!compact.value && <span class="dot" />}
      <Link class="name" href={runHref(run.entity, run.project, run.run_id)} title={run.name}>
        {run.name}
      </Link>
      <StateGlyph state={run.state} />
      {!compact.value && <span class="mid">{formatDuration(run.runtime_secs)}</span>}
      <span class="ell">{metric && <ValueText value={runValue(run, metric)} digits={3} />}</span>
    </div>
  );
}

function SortControl({ runs }: { runs: Run[] }) {
  const sort = parseSort(params.value.sort);
  const choices = useMemo(() => sortChoices(runs), [runs]);
  const change = (by: string, descending: boolean) => {
    const text = formatSort({ by, descending });
    setParams({ sort: text === '-created' ? null : text }, 'push');
  };
  return (
    <>
      <Select
        label="Sort runs by"
        value={sort.by}
        choices={choices}
        onChange={(by) => change(by, by === 'created')}
      />
      <IconButton
        icon="sort"
        label={
          sort.descending ? 'Descending; change to ascending' : 'Ascending; change to descending'
        }
        onClick={() => change(sort.by, !sort.descending)}
      />
    </>
  );
}

const MOST_CHOICES = 200;

/** Everything that any run has a simple value of. */
export function sortChoices(runs: Run[]): Choice<string>[] {
  const found = new Set<string>();
  for (const run of runs.slice(0, 100)) {
    for (const source of ['summary', 'config'] as const) {
      for (const [key, value] of Object.entries(run[source])) {
        if (typeof value !== 'object' && !key.startsWith('_')) found.add(`${source}.${key}`);
      }
    }
  }
  const values = [...found].sort().reverse().slice(0, MOST_CHOICES);
  const named = values.map((by): Choice<string> => [by, by.slice(by.indexOf('.') + 1)]);
  return [
    ['created', 'Created'],
    ['name', 'Name'],
    ['state', 'State'],
    ['runtime', 'Runtime'],
    ...named,
  ];
}

interface SidebarProps {
  open: boolean;
  label: string;
  class?: string;
  children: ComponentChildren;
}

/** The column at the left: its width is dragged, and remembered in this browser. */
export function Sidebar({ open, label, class: more = '', children }: SidebarProps) {
  const [width, setWidth] = useState(Number(remembered('sidebar')) || WIDTHS.usual);
  const box = useRef<HTMLElement>(null);
  const resize = (to: number) => {
    const next = Math.min(WIDTHS.most, Math.max(WIDTHS.least, Math.round(to)));
    setWidth(next);
    remember('sidebar', String(next));
  };
  const drag = (event: PointerEvent) => {
    const grip = event.currentTarget as HTMLElement;
    grip.setPointerCapture(event.pointerId);
    const left = box.current!.getBoundingClientRect().left;
    grip.onpointermove = (move) => resize(move.clientX - left);
    grip.onpointerup = () => {
      grip.onpointermove = null;
    };
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
    if (step) resize(width + step);
  };
  return (
    <aside
      ref={box}
      class={`side ${open ? 'open' : ''} ${more}`}
      style={{ '--side': `${width}px` }}
      aria-label={label}
    >
      {children}
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that moves is no hr */}
      <div
        class="grip"
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label="Width of the list"
        aria-valuenow={width}
        aria-valuemin={WIDTHS.least}
        aria-valuemax={WIDTHS.most}
        onPointerDown={drag}
        onKeyDown={onKey}
      />
    </aside>
  );
}
