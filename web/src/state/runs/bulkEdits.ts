/** Changes of several runs at once; a toast says what was done and undoes it. */

import { deleteRuns, patchRuns, type RunsChange, restoreRuns } from '../../api/client';
import type { Run } from '../../api/types';
import { counted } from '../../math/numbers';
import { openProject } from '../overlays';
import { attempt, say } from '../toasts';
import { nextRow, selectNone } from './selection';

const uidsOf = (runs: Run[]): number[] => runs.map(({ uid }) => uid);

export const countOf = (runs: Run[]): string => counted(runs.length, 'run');

const FAILED = 'The runs could not be changed';

async function change(runs: Run[], wanted: RunsChange, said: string, undo: () => Promise<unknown>) {
  if (!(await attempt(FAILED, () => patchRuns(uidsOf(runs), wanted)))) return;
  say(`${said} ${countOf(runs)}`, { label: 'Undo', run: () => void attempt(FAILED, undo) });
}

/** Runs that have the tag already are left alone, also by undo. */
export function addTag(runs: Run[], tag: string): void {
  const without = runs.filter(({ tags }) => !tags.includes(tag));
  const undo = () => patchRuns(uidsOf(without), { remove_tags: [tag] });
  if (without.length === 0) say(`All ${countOf(runs)} have the tag ${tag}`);
  else void change(without, { add_tags: [tag] }, `Added the tag ${tag} to`, undo);
}

export function removeTag(runs: Run[], tag: string): void {
  const having = runs.filter(({ tags }) => tags.includes(tag));
  const undo = () => patchRuns(uidsOf(having), { add_tags: [tag] });
  void change(having, { remove_tags: [tag] }, `Removed the tag ${tag} from`, undo);
}

export function setGroup(runs: Run[], group: string): void {
  const undo = () => putBack(runs, ({ group: before }) => before, 'group');
  const said = group ? `Set the group ${group} of` : 'Removed the group from';
  void change(runs, { group }, said, undo);
}

export function resetColors(runs: Run[]): void {
  const undo = () => putBack(runs, ({ color }) => color ?? '', 'color');
  void change(runs, { color: '' }, 'Reset the colour of', undo);
}

/** Gives each run what it had before: one request for each value. */
async function putBack(runs: Run[], before: (run: Run) => string, field: 'group' | 'color') {
  for (const value of new Set(runs.map(before))) {
    const members = runs.filter((run) => before(run) === value);
    await patchRuns(uidsOf(members), { [field]: value });
  }
}

/** The run after the removed ones as they are listed, else the one before them. */
function neighbour(uids: number[], listed: Run[]): Run | undefined {
  const stays = ({ uid }: Run) => !uids.includes(uid);
  const at = Math.max(
    0,
    listed.findIndex((run) => !stays(run)),
  );
  return listed.slice(at).find(stays) ?? listed.slice(0, at).filter(stays).at(-1);
}

export async function removeRuns(runs: Run[], listed: Run[]): Promise<void> {
  const store = openProject.peek();
  const uids = uidsOf(runs);
  nextRow.value = neighbour(uids, listed)?.uid ?? null;
  store?.drop(uids);
  selectNone();
  if (!(await attempt('The runs were not deleted', () => deleteRuns(uids)))) {
    await store?.load();
    return;
  }
  const undo = () => void attempt('The runs were not restored', () => restoreRuns(uids));
  const name = runs.length === 1 ? runs[0].name : countOf(runs);
  say(`Deleted ${name}`, { label: 'Undo', run: undo });
}
