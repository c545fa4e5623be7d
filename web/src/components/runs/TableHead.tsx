/** Heads of the table: names that sort, and how the values of each column are distributed. */

import type { ComponentChildren } from 'preact';
import type { Run } from '../../api/types';
import { counted } from '../../math/numbers';
import { asNumber } from '../../state/runs/filters';
import {
  type ColumnFacts,
  columnName,
  type Goal,
  isMeasured,
  partOf,
} from '../../state/runs/runColumns';
import { setSort, sortOf } from '../../state/runs/runList';
import { selectAll, selected, selectNone } from '../../state/runs/selection';
import { runValue } from '../../state/runs/visibility';
import { Icon } from '../widgets/Icon';
import { NameOf } from '../widgets/NameOf';
import { WidthGrip, widenByKey } from './WidthGrip';

export interface Column {
  by: string;
  facts: ColumnFacts;
  /** Which direction is better. */
  goal: Goal;
}

const FIXED: [by: string, label: string][] = [
  ['name', 'Name'],
  ['state', 'State'],
  ['created', 'Created'],
  ['runtime', 'Runtime'],
];

interface TableHeadProps {
  columns: Column[];
  baseline: Run | null;
  listed: Run[];
  total: number;
  notes: boolean;
}

export function TableHead({ columns, baseline, listed, total, notes }: TableHeadProps) {
  const firstMeasured = columns.find(({ by }) => isMeasured(by));
  return (
    <thead>
      <tr>
        {FIXED.map(([by, label], i) => (
          <SortHead
            key={by}
            by={by}
            label={label}
            over={i === 0 ? `${listed.length} of ${counted(total, 'run')}` : ''}
            numeric={i > 1}
            before={i === 0 && <SelectAll listed={listed} />}
          />
        ))}
        <PlainHead by="tags" label="Tags" />
        {notes && <PlainHead by="notes" label="Notes" />}
        {columns.map(({ by, facts, goal }, i) => (
          <SortHead
            key={by}
            by={by}
            label={columnName(by)}
            over={
              i === 0 && by.startsWith('config.')
                ? 'Config'
                : by === firstMeasured?.by
                  ? 'Summary'
                  : ''
            }
            edge={i === 0 || by === firstMeasured?.by}
            numeric={facts.numeric}
            facts={facts}
            goal={goal}
            baseline={baseline}
          />
        ))}
      </tr>
    </thead>
  );
}

function PlainHead({ by, label }: { by: string; label: string }) {
  return (
    <th>
      <WidthGrip by={by} />
      <span class="over" />
      <span class="sorter">{label}</span>
      <span class="dist" />
    </th>
  );
}

/** Selects all listed runs, or none. */
function SelectAll({ listed }: { listed: Run[] }) {
  const chosen = listed.filter(({ uid }) => selected.value.has(uid)).length;
  const all = chosen > 0 && chosen === listed.length;
  return (
    <input
      type="checkbox"
      class="tick"
      aria-label="Select all listed runs"
      title="Select all listed runs"
      checked={all}
      indeterminate={chosen > 0 && !all}
      onChange={() => (all ? selectNone() : selectAll(listed))}
    />
  );
}

const BETTER = { up: 'more is better', down: 'less is better' };

interface SortHeadProps {
  by: string;
  label: string;
  over: string;
  numeric: boolean;
  before?: ComponentChildren;
  edge?: boolean;
  facts?: ColumnFacts;
  goal?: Goal;
  baseline?: Run | null;
}

function SortHead(props: SortHeadProps) {
  const { by, label, over, numeric, before, edge, facts, goal = null, baseline } = props;
  const sort = sortOf();
  const active = sort.by === by;
  const first = goal === 'up' || by === 'created';
  const said = active && goal && (sort.descending === first ? 'best first' : 'worst first');
  const next = { by, descending: active ? !sort.descending : first };
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <th
      class={`${numeric ? 'r-num' : ''} ${edge ? 'edge' : ''}`}
      aria-sort={active ? direction : 'none'}
      title={goal ? `${by}, ${BETTER[goal]}` : by}
      onKeyDown={(event) => widenByKey(event, by)}
    >
      <WidthGrip by={by} />
      <span class="over">{[over, said].filter(Boolean).join(' · ')}</span>
      <span class="sorter">
        {before}
        <button
          type="button"
          aria-label={label}
          aria-pressed={active}
          onClick={() => setSort(next)}
        >
          <span class="ell">
            <NameOf name={label} />
          </span>
          {active && <Icon name={sort.descending ? 'downwards' : 'up'} />}
        </button>
      </span>
      <span class="dist">
        {facts?.numeric && <Distribution facts={facts} by={by} baseline={baseline ?? null} />}
      </span>
    </th>
  );
}

const BAR = { width: 4, gap: 1, height: 22 };

interface DistributionProps {
  facts: ColumnFacts;
  by: string;
  baseline: Run | null;
}

/** A bar for each part of the range; the baseline's in the accent. */
function Distribution({ facts, by, baseline }: DistributionProps) {
  const { parts, lo, hi } = facts;
  const most = Math.max(1, ...parts);
  const value = baseline ? asNumber(runValue(baseline, by)) : null;
  const own = value !== null && Number.isFinite(value) ? partOf(value, lo, hi) : -1;
  const pitch = BAR.width + BAR.gap;
  return (
    <svg width={parts.length * pitch} height={BAR.height} aria-hidden="true">
      {parts.map((count, i) => {
        const height = count > 0 ? Math.max(2, (count / most) * BAR.height) : 0;
        return (
          <rect
            key={i}
            class={i === own ? 'own' : ''}
            x={i * pitch}
            y={BAR.height - height}
            width={BAR.width}
            height={height}
          />
        );
      })}
    </svg>
  );
}
