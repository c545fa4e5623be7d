/** All runs of a project as a table: state, times, tags, and what they were made of and reached. */

import { useMemo, useState } from 'preact/hooks';
import type { Run } from '../api/types';
import { Check, IconButton, SearchField } from '../components/controls';
import { Icon, StateGlyph } from '../components/Icon';
import { Menu } from '../components/Menu';
import { sortChoices } from '../components/RunsSidebar';
import { ValueText } from '../components/ValueText';
import { formatDate, formatDuration } from '../math/numbers';
import { Link, runHref } from '../router';
import { params, setParams } from '../state/view';
import {
  colorOf,
  cssColor,
  formatSort,
  parseSort,
  runValue,
  sortRuns,
  toggleRun,
  userRegExp,
} from '../state/visibility';
import type { Workspace } from '../state/workspace';
import { ProjectPage, useWorkspace } from './ProjectPage';

/** Value columns before anybody has chosen. */
const COLUMNS_AT_FIRST = 8;
const PAGE_ROWS = 100;

export function RunsPage({ entity, project }: { entity: string; project: string }) {
  const workspace = useWorkspace(entity, project);
  return (
    <ProjectPage workspace={workspace} tab="runs">
      <main class="main whole">
        <RunsTable workspace={workspace} />
      </main>
    </ProjectPage>
  );
}

/** Config and summary columns: those in the address, else the first of each. */
function useColumns(runs: Run[]): { all: string[]; shown: string[] } {
  const all = useMemo(
    () => sortChoices(runs).flatMap(([by]) => (by.includes('.') ? [by] : [])),
    [runs],
  );
  const chosen = params.value.columns?.split(',').map(decodeURIComponent);
  const half = COLUMNS_AT_FIRST / 2;
  const some = (source: string) => all.filter((by) => by.startsWith(source)).slice(0, half);
  return { all, shown: chosen ?? [...some('config.'), ...some('summary.')] };
}

function RunsTable({ workspace }: { workspace: Workspace }) {
  const runs = workspace.store.runs.value;
  const visible = workspace.visible.value;
  const search = params.value.rq ?? '';
  const sort = parseSort(params.value.sort);
  const { all, shown } = useColumns(runs);
  const [limit, setLimit] = useState(PAGE_ROWS);
  const pattern = userRegExp(search);
  const rows = useMemo(
    () => sortRuns(pattern ? runs.filter(({ name }) => pattern.test(name)) : runs, sort),
    [runs, search, formatSort(sort)],
  );
  const visibleUids = new Set(visible.map(({ uid }) => uid));
  return (
    <>
      <div class="bar">
        <SearchField
          label="Search runs (regex)"
          value={search}
          invalid={!pattern}
          onInput={(rq) => setParams({ rq }, 'replace')}
        />
        <span class="t12 dim">
          {rows.length} of {runs.length} runs
        </span>
        <span class="sp" />
        <ColumnMenu all={all} shown={shown} />
      </div>
      <div class="sheet">
        <table class="table">
          <Head columns={shown} />
          <tbody>
            {rows.slice(0, limit).map((run) => (
              <Row
                key={run.uid}
                run={run}
                columns={shown}
                shown={visibleUids.has(run.uid)}
                onToggle={() => toggleRun(runs, visible, run)}
              />
            ))}
          </tbody>
        </table>
        {rows.length > limit && (
          <p class="nothing">
            <button type="button" class="btn" onClick={() => setLimit(limit + 5 * PAGE_ROWS)}>
              Show more of {rows.length - limit} further runs
            </button>
          </p>
        )}
      </div>
    </>
  );
}

function ColumnMenu({ all, shown }: { all: string[]; shown: string[] }) {
  const toggle = (by: string, on: boolean) => {
    const next = on ? [...shown, by] : shown.filter((name) => name !== by);
    setParams({ columns: next.map(encodeURIComponent).join(',') }, 'replace');
  };
  return (
    <>
      <span class="t12 dim">
        {shown.length} of {all.length} columns
      </span>
      <Menu icon="gear" label="Columns" wide>
        {() => (
          <div class="choices">
            {all.map((by) => (
              <div class="opt" key={by}>
                <Check label={by} checked={shown.includes(by)} onChange={(on) => toggle(by, on)} />
              </div>
            ))}
          </div>
        )}
      </Menu>
    </>
  );
}

const FIXED: [by: string, label: string][] = [
  ['name', 'Name'],
  ['state', 'State'],
  ['created', 'Created'],
  ['runtime', 'Runtime'],
];

function Head({ columns }: { columns: string[] }) {
  return (
    <thead>
      <tr>
        {FIXED.map(([by, label]) => (
          <SortHead key={by} by={by} label={label} numeric={by === 'runtime'} />
        ))}
        <th>Tags</th>
        {columns.map((by) => (
          <SortHead key={by} by={by} label={by.slice(by.indexOf('.') + 1)} numeric />
        ))}
      </tr>
    </thead>
  );
}

function SortHead({ by, label, numeric }: { by: string; label: string; numeric: boolean }) {
  const sort = parseSort(params.value.sort);
  const active = sort.by === by;
  const next = formatSort({ by, descending: active ? !sort.descending : by === 'created' });
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <th class={numeric ? 'r-num' : ''} aria-sort={active ? direction : 'none'} title={by}>
      <button
        type="button"
        aria-pressed={active}
        onClick={() => setParams({ sort: next === '-created' ? null : next }, 'push')}
      >
        {label}
        {active && <Icon name={sort.descending ? 'down' : 'up'} />}
      </button>
    </th>
  );
}

interface RowProps {
  run: Run;
  columns: string[];
  shown: boolean;
  onToggle(): void;
}

function Row({ run, columns, shown, onToggle }: RowProps) {
  return (
    <tr>
      <td>
        <span class="row namecell" style={{ '--c': cssColor(colorOf(run)) }}>
          <IconButton
            small
            icon={shown ? 'eye' : 'eyeoff'}
            label={`${shown ? 'Hide' : 'Show'} ${run.name} in the workspace`}
            pressed={undefined}
            onClick={onToggle}
          />
          <span class={`dot ${shown ? '' : 'hollow'}`} />
          <Link class="rowlink" href={runHref(run.entity, run.project, run.run_id)}>
            {run.name}
          </Link>
        </span>
      </td>
      <td>
        <span class="stat">
          <StateGlyph state={run.state} />
          {run.state}
        </span>
      </td>
      <td class="mid" title={new Date(run.created_us / 1000).toString()}>
        {formatDate(run.created_us)}
      </td>
      <td class="r-num mid">{formatDuration(run.runtime_secs)}</td>
      <td>
        {run.tags.map((tag) => (
          <span class="tag" key={tag}>
            {tag}
          </span>
        ))}
      </td>
      {columns.map((by) => (
        <td class="r-num" key={by}>
          <ValueText value={runValue(run, by)} exact={by.startsWith('config.')} />
        </td>
      ))}
    </tr>
  );
}
