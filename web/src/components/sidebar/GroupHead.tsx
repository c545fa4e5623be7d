/** The head of a group of runs in the list beside the panels. */

import { runColor } from '../../math/color';
import { drawsGroups } from '../../state/lines/lineGroups';
import { columnName } from '../../state/runs/runColumns';
import { groupField, type RunGroup, toggleGroup } from '../../state/runs/runList';
import { cssColor } from '../../state/runs/visibility';
import { GroupEye } from '../runs/GroupEye';
import { Icon } from '../widgets/Icon';
import { NameOf } from '../widgets/NameOf';
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
  const { name, runs, open } = group;
  return (
    <div
      class={`listrow grouphead ${shown === 0 ? 'off' : ''}`}
      style={{ top: `${top}px`, '--c': cssColor(runColor(slot)) }}
    >
      <GroupEye group={group} shown={shown} onShow={onShow} />
      <button type="button" class="fold" aria-expanded={open} onClick={() => toggleGroup(name)}>
        <Icon name={open ? 'down' : 'right'} />
        {drawsGroups.value && <span class="dot" />}
        <span class="ell row" title={name}>
          {columnName(groupField.value)}&nbsp;
          <b class="ell">
            <NameOf name={name} />
          </b>
        </span>
        <span class="dim">
          {shown > 0 && shown < runs.length ? `${shown} of ${runs.length}` : runs.length}
        </span>
      </button>
    </div>
  );
}
