/**
 * The head of a group in the table: its size, the medians of what its runs have measured, and the
 * settings that all of them share.
 */

import { formatExact, formatValue } from '../../math/numbers';
import { commonValue, isMeasured, medianOf } from '../../state/runs/runColumns';
import { type RunGroup, toggleGroup } from '../../state/runs/runList';
import { Icon } from '../widgets/Icon';
import { ValueText } from '../widgets/ValueText';
import { GroupEye } from './GroupEye';
import { GroupName } from './GroupName';
import type { CellColumn } from './TableCell';

interface GroupRowProps {
  top: number;
  index: number;
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
  const { top, index, group, columns, baseline, fixed, shown, onShow } = props;
  const { runs, open } = group;
  return (
    <tr class="group" style={{ top: `${top}px` }} aria-rowindex={index}>
      <td class="grouphead" style={{ gridColumn: `span ${fixed}` }}>
        <GroupEye group={group} shown={shown} onShow={onShow} />
        <button type="button" class="fold" aria-expanded={open} onClick={() => toggleGroup(group)}>
          <Icon name="down" />
          <GroupName group={group} shown={shown} />
        </button>
      </td>
      {columns.map(({ by, facts, edge }) => {
        const median = isMeasured(by) && facts.numeric ? medianOf(runs, by) : null;
        const common = isMeasured(by) ? undefined : commonValue(runs, by);
        return (
          <td
            key={by}
            class={`${facts.numeric ? 'r-num' : ''} mid ${edge ? 'edge' : ''}`}
            title={median === null ? undefined : `median ${formatExact(median)}`}
          >
            {median !== null && formatValue(median, facts.digits)}
            {common !== undefined && <ValueText value={common} exact />}
            {median !== null && baseline && <span class="delta">median</span>}
          </td>
        );
      })}
    </tr>
  );
}
