/** Heads of the table: names that sort, and how the values of each column are distributed. */

import type { Run } from '../../api/types';
import { asNumber } from '../../state/filters';
import { type ColumnFacts, columnName, partOf } from '../../state/runColumns';
import { params, setParams } from '../../state/view';
import { formatSort, parseSort, runValue } from '../../state/visibility';
import { Icon } from '../Icon';

export interface Column {
  by: string;
  facts: ColumnFacts;
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
  shown: number;
  total: number;
}

export function TableHead({ columns, baseline, shown, total }: TableHeadProps) {
  const firstSummary = columns.find(({ by }) => by.startsWith('summary.'));
  return (
    <thead>
      <tr>
        {FIXED.map(([by, label], i) => (
          <SortHead
            key={by}
            by={by}
            label={label}
            over={i === 0 ? `${shown} of ${total} runs` : ''}
            numeric={i > 1}
          />
        ))}
        <th>
          <span class="over" />
          <span class="sorter">Tags</span>
          <span class="dist" />
        </th>
        <th>
          <span class="over" />
          <span class="sorter">Notes</span>
          <span class="dist" />
        </th>
        {columns.map(({ by, facts }, i) => (
          <SortHead
            key={by}
            by={by}
            label={columnName(by)}
            over={
              i === 0 && by.startsWith('config.')
                ? 'Config'
                : by === firstSummary?.by
                  ? 'Summary'
                  : ''
            }
            edge={i === 0 || by === firstSummary?.by}
            numeric={facts.numeric}
            facts={facts}
            baseline={baseline}
          />
        ))}
      </tr>
    </thead>
  );
}

interface SortHeadProps {
  by: string;
  label: string;
  over: string;
  numeric: boolean;
  edge?: boolean;
  facts?: ColumnFacts;
  baseline?: Run | null;
}

function SortHead({ by, label, over, numeric, edge, facts, baseline }: SortHeadProps) {
  const sort = parseSort(params.value.sort);
  const active = sort.by === by;
  const next = formatSort({ by, descending: active ? !sort.descending : by === 'created' });
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <th
      class={`${numeric ? 'r-num' : ''} ${edge ? 'edge' : ''}`}
      aria-sort={active ? direction : 'none'}
      title={by}
    >
      <span class="over">{over}</span>
      <span class="sorter">
        <button
          type="button"
          aria-pressed={active}
          onClick={() => setParams({ sort: next === '-created' ? null : next }, 'push')}
        >
          {label}
          {active && <Icon name={sort.descending ? 'down' : 'up'} />}
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
