/** The head of a group of runs in the list beside the panels. */

import { runColor } from '../../math/color';
import { drawsGroups } from '../../state/lines/lineGroups';
import { type RunGroup, toggleGroup } from '../../state/runs/runList';
import { cssColor } from '../../state/runs/visibility';
import { GroupEye } from '../runs/GroupEye';
import { GroupName } from '../runs/GroupName';
import { Icon } from '../widgets/Icon';
import './groups.css';

interface GroupHeadProps {
  group: RunGroup;
  slot: number;
  top: number;
  /** How many of its runs are shown. */
  shown: number;
  onShow(on: boolean): void;
}

export function GroupHead({ group, slot, top, shown, onShow }: GroupHeadProps) {
  const { open, training } = group;
  return (
    <div
      class={`listrow grouphead ${shown === 0 ? 'off' : ''}`}
      style={{ top: `${top}px`, '--c': cssColor(runColor(slot)) }}
    >
      <GroupEye group={group} shown={shown} onShow={onShow} />
      <button type="button" class="fold" aria-expanded={open} onClick={() => toggleGroup(group)}>
        <Icon name={open ? 'down' : 'right'} />
        {drawsGroups.value && !training && <span class="dot" />}
        <GroupName group={group} shown={shown} />
      </button>
    </div>
  );
}
