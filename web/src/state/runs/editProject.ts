/** Name and description of a project, changed in a dialog; addresses that it had lead to it. */

import { signal } from '@preact/signals';
import { patchProject } from '../../api/client';
import type { Project } from '../../api/types';
import { attempt, say } from '../toasts';

/** The project that is edited, and what is to be done once it is another. */
export const editedProject = signal<{ project: Project; done(): Promise<void> } | null>(null);

export interface ProjectTexts {
  name: string;
  description: string;
}

/** Whether all of it was written; what the server refuses is said, and nothing is lost. */
export async function saveProject(
  project: Project,
  { name, description }: ProjectTexts,
  done: () => Promise<void>,
): Promise<boolean> {
  const change = {
    ...(description !== project.description && { description, was: project.description }),
    ...(name !== project.name && { name }),
  };
  const saved = await attempt('The project was not changed', () =>
    patchProject([project.entity, project.name], change),
  );
  if (!saved) return false;
  await done();
  if (name !== project.name) sayRenamed(project, name, done);
  return true;
}

function sayRenamed(project: Project, name: string, done: () => Promise<void>): void {
  const undo = () =>
    void attempt('The project keeps its new name', async () => {
      await patchProject([project.entity, name], { name: project.name });
      await done();
    });
  say(`Renamed ${project.name} to ${name}: links to ${project.name} lead here`, {
    label: 'Undo',
    run: undo,
  });
}
