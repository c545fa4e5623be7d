/** What a group of runs is called; of a training also how its ranks do, and their colours. */

import { drawsGroups } from '../../state/lines/lineGroups';
import { columnName } from '../../state/runs/runColumns';
import { groupField, type RunGroup } from '../../state/runs/runList';
import { ranksText, trainingState } from '../../state/runs/trainings';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { StateGlyph } from '../widgets/Icon';
import { NameOf } from '../widgets/NameOf';

interface GroupNameProps {
  group: RunGroup;
  /** How many of its runs are shown. */
  shown: number;
}

export function GroupName({ group, shown }: GroupNameProps) {
  const { name, runs, training, open } = group;
  const part = shown > 0 && shown < runs.length ? `${shown} of ${runs.length}` : '';
  if (!training) {
    return (
      <>
        <span class="ell row" title={name}>
          {columnName(groupField.value)}&nbsp;
          <b class="ell">
            <NameOf name={name} />
          </b>
        </span>
        <span class="dim">{part || runs.length}</span>
      </>
    );
  }
  return (
    <>
      <StateGlyph state={trainingState(runs)} />
      <span class="ell" title={name}>
        <b>
          <NameOf name={name} />
        </b>
      </span>
      {!open && !drawsGroups.value && <RankColors group={group} />}
      <span class="dim">{part ? `${part} ranks` : ranksText(runs)}</span>
    </>
  );
}

/** A stripe of the colours in which the ranks are drawn, rank 0 first. */
function RankColors({ group: { runs } }: { group: RunGroup }) {
  const share = 100 / runs.length;
  const stops = runs.map((run, i) => `${cssColor(colorOf(run))} ${i * share}% ${(i + 1) * share}%`);
  return <span class="ranks" style={{ background: `linear-gradient(90deg, ${stops.join()})` }} />;
}
