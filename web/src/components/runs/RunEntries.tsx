/** What can be done with one run: the same entries wherever a run is named. */

import { patchRun } from '../../api/client';
import type { Run } from '../../api/types';
import { PALETTE_SIZE, runColor } from '../../math/color';
import { movedRuns } from '../../state/runs/moveRuns';
import type { EditedField } from '../../state/runs/runEdits';
import { baselineId, pinnedIds, setBaseline, togglePin } from '../../state/runs/runList';
import { showOnly } from '../../state/runs/shownRuns';
import { canStop, stopRun } from '../../state/runs/stop';
import { cssColor } from '../../state/runs/visibility';
import { attempt, copyText } from '../../state/toasts';
import { Icon, type IconName } from '../widgets/Icon';
import './menus.css';

interface RunEntriesProps {
  run: Run;
  /** Closes the menu; an entry does its work after it. */
  close(): void;
  onEdit(field: EditedField): void;
  onRemove(): void;
}

export function RunEntries({ run, close, onEdit, onRemove }: RunEntriesProps) {
  const isBaseline = baselineId.value === run.run_id;
  const isPinned = pinnedIds.value.has(run.run_id);
  const entry = (icon: IconName, text: string, act: () => void) => (
    <button
      type="button"
      onClick={() => {
        close();
        act();
      }}
    >
      <Icon name={icon} />
      {text}
    </button>
  );
  return (
    <>
      {entry('edit', 'Rename', () => onEdit('name'))}
      {entry('edit', 'Edit tags', () => onEdit('tags'))}
      {entry('edit', 'Edit notes', () => onEdit('notes'))}
      <hr />
      {entry('reset', isBaseline ? 'No longer the baseline' : 'Use as baseline', () =>
        setBaseline(isBaseline ? null : run.run_id),
      )}
      {entry('pin', isPinned ? 'Unpin' : 'Pin to the top', () => togglePin(run.run_id))}
      {entry('eye', 'Show only this run', () => showOnly(run))}
      {entry('copy', 'Copy path of the run', () => {
        void copyText(`${run.entity}/${run.project}/${run.run_id}`);
      })}
      <Colors run={run} />
      <hr />
      {canStop(run) && entry('stop', 'Stop run', () => void stopRun(run))}
      {entry('link', 'Move to another project', () => {
        movedRuns.value = [run];
      })}
      {entry('trash', 'Delete run', onRemove)}
    </>
  );
}

/** The palette; the first choice is the colour that the run has by itself. */
function Colors({ run }: { run: Run }) {
  const choose = (color: string) =>
    void attempt('The colour could not be changed', () => patchRun(run.uid, { color }));
  const own = Array.from({ length: PALETTE_SIZE }, (_, slot) => runColor(slot));
  return (
    <fieldset class="swatches" aria-label={`Colour of ${run.name}`}>
      {['', ...own].map((color, i) => (
        <button
          type="button"
          key={color}
          aria-label={color ? `Colour ${i}` : 'Automatic colour'}
          title={color ? `Colour ${i}` : 'Automatic colour'}
          aria-pressed={(run.color ?? '') === color}
          onClick={() => choose(color)}
        >
          <span class="dot" style={{ '--c': cssColor(color || runColor(run.slot)) }} />
        </button>
      ))}
    </fieldset>
  );
}
