/** Comparing runs: only they are shown, with a panel of what differs between them. */

import type { Run } from '../../api/types';
import { showOnly } from '../runs/shownRuns';
import { newPanelId, ownPanels, savePanel } from './addedPanels';

/** Their curves are then the only ones; a comparer that is there already serves again. */
export function compareRuns(runs: Run[]): void {
  showOnly(...runs);
  if (ownPanels.peek().some(({ kind }) => kind === 'comparer')) return;
  savePanel({ id: newPanelId(), kind: 'comparer', title: '', keys: [] });
}
