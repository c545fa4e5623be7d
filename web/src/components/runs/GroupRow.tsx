/** The head of a group in the table: its size, and the medians of what its runs have measured. */

import { formatExact, formatValue } from '../../math/numbers';
import { columnName, isMeasured, medianOf } from '../../state/runs/runColumns';
import { type RunGroup, toggleGroup } from '../../state/runs/runList';
import { Icon } from '../widgets/Icon';
import { GroupEye } from './GroupEye';
import type { CellColumn } from './TableCell';

interface GroupRowProps {
  top: number;
  index: number;
  field: string;
  group: RunGroup;
  columns: CellColumn[];
  baseline: boolean;
  /** Columns before those of values. */
  fixed: number;
  /** How many of its runs are shown. */
  shown: number;
  onShow(on: boolean): void;
}

export function GroupRow(props: GroupRowProps) {
  const { top, index, field, group, columns, baseline, fixed, shown, onShow } = props;
  const { name, runs, open } = group;
  return (
    <tr class="group" style={{ top: `${top}px` }} aria-rowindex={index}>
      <td class="grouphead" style={{ gridColumn: `span ${fixed}` }}>
        <GroupEye group={group} shown={shown} onShow={onShow} />
        <button type="button" class="fold" aria-expanded={open} onClick={() => toggleGroup(name)}>
          <Icon name="down" />
          {columnName(field)} <b>{name}</b> <span class="dim">{runs.length}</span>
        </button>
      </td>
      {columns.map(({ by, facts, edge }) => {
        const median = isMeasured(by) && facts.numeric ? medianOf(runs, by) : null;
        return (
          <td
            key={by}
            class={`r-num mid ${edge ? 'edge' : ''}`}
            title={median === null ? undefined : `median ${formatExact(median)}`}
          >
            {median !== null && formatValue(median, facts.digits)}
            {median !== null && baseline && <span class="delta">median</span>}
          </td>
        );
      })}
    </tr>
  );
}
