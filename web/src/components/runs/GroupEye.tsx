/** Shows or hides all runs of a group. */

import { columnName } from '../../state/runs/runColumns';
import { groupField, type RunGroup } from '../../state/runs/runList';
import { Icon } from '../widgets/Icon';

interface GroupEyeProps {
  group: RunGroup;
  /** How many of its runs are shown. */
  shown: number;
  onShow(on: boolean): void;
}

/** A group of which some runs are hidden is shown whole before it is hidden. */
export function GroupEye({ group, shown, onShow }: GroupEyeProps) {
  const { name, runs, training } = group;
  const whole = shown === runs.length;
  const all = training
    ? `all ranks of ${name}`
    : `all runs of ${columnName(groupField.value)} ${name}`;
  const label = `${whole ? 'Hide' : 'Show'} ${all}`;
  return (
    <button
      type="button"
      class="eye"
      aria-pressed={whole ? 'true' : shown > 0 ? 'mixed' : 'false'}
      aria-label={label}
      title={label}
      onClick={() => onShow(!whole)}
    >
      <Icon name={shown > 0 ? 'eye' : 'eyeoff'} />
    </button>
  );
}
