/** The head of a group of runs in the list beside the panels. */

import { runColor } from '../../math/color';
import { drawsGroups } from '../../state/lines/lineGroups';
import { columnName } from '../../state/runs/runColumns';
import { groupField, type RunGroup, toggleGroup } from '../../state/runs/runList';
import { cssColor } from '../../state/runs/visibility';
import { Icon } from '../widgets/Icon';
import './groups.css';

interface GroupHeadProps {
  group: RunGroup;
  slot: number;
  top: number;
}

export function GroupHead({ group, slot, top }: GroupHeadProps) {
  const { name, runs, open } = group;
  return (
    <button
      type="button"
      class="listrow grouphead"
      style={{ top: `${top}px`, '--c': cssColor(runColor(slot)) }}
      aria-expanded={open}
      onClick={() => toggleGroup(name)}
    >
      <Icon name={open ? 'down' : 'right'} />
      {drawsGroups.value && <span class="dot" />}
      <span class="ell">
        {columnName(groupField.value)} <b>{name}</b>
      </span>
      <span class="dim">{runs.length}</span>
    </button>
  );
}
