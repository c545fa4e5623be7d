/** Deletion of a project: of all runs that it has, so that undo brings back just these. */

import { deleteRuns, listRuns, restoreRuns } from '../../api/client';
import type { Project } from '../../api/types';
import { attempt, say } from '../toasts';

const PAGE = 1000;

async function uidsOf({ entity, name }: Project): Promise<number[]> {
  const uids = new Set<number>();
  for (let offset = 0; ; offset += PAGE) {
    const { runs } = await listRuns(entity, name, { offset, limit: PAGE, since: 0 });
    for (const { uid } of runs) uids.add(uid);
    if (runs.length < PAGE) return [...uids];
  }
}

/** Says what was done, with Undo; `done` is called after either. */
export async function removeProject(project: Project, done: () => Promise<void>): Promise<void> {
  let uids: number[] = [];
  const removed = await attempt('The project was not deleted', async () => {
    uids = await uidsOf(project);
    await deleteRuns(uids);
  });
  await done();
  if (!removed) return;
  const undo = () =>
    void attempt('The project was not restored', async () => {
      await restoreRuns(uids);
      await done();
    });
  say(`Deleted ${project.name}`, { label: 'Undo', run: undo });
}
