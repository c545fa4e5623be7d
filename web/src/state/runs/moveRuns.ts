/** Runs that are put into another project: what was addressed there leads to them. */

import { signal } from '@preact/signals';
import { moveRuns } from '../../api/client';
import type { Run } from '../../api/types';
import { attempt, say } from '../toasts';

/** Runs of one project whose new place is asked for. */
export const movedRuns = signal<Run[]>([]);

export const runWords = (runs: Run[]): string =>
  runs.length === 1 ? runs[0].name : `${runs.length} runs`;

/** Whether they are there now. */
export async function moveTo(runs: Run[], project: string): Promise<boolean> {
  const uids = runs.map(({ uid }) => uid);
  const before = runs[0].project;
  const moved = await attempt(`${runWords(runs)} could not be moved`, () =>
    moveRuns(uids, project),
  );
  if (!moved) return false;
  const undo = () =>
    void attempt(`${runWords(runs)} could not be moved back`, () => moveRuns(uids, before));
  say(`Moved ${runWords(runs)} to ${project}`, { label: 'Undo', run: undo });
  return true;
}
