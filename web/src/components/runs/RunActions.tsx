/** The menu of a run in a list, opened by its button or by the right mouse button. */

import type { Run } from '../../api/types';
import type { EditedField } from '../../state/runs/runEdits';
import { focusOpener, MenuList } from '../widgets/Menu';
import { RunEntries } from './RunEntries';

interface RunActionsProps {
  run: Run;
  /** The button that opened them. */
  anchor: HTMLElement;
  onEdit(field: EditedField): void;
  onRemove(): void;
  onClose(): void;
}

export function RunActions({ run, anchor, onEdit, onRemove, onClose }: RunActionsProps) {
  const close = () => {
    onClose();
    focusOpener(anchor);
  };
  return (
    <MenuList label={`Actions of ${run.name}`} anchor={() => anchor} onClose={onClose}>
      <RunEntries run={run} close={close} onEdit={onEdit} onRemove={onRemove} />
    </MenuList>
  );
}
