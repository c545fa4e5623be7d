/** Name and description of a project, typed. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Project } from '../../api/types';
import { editedProject, saveProject } from '../../state/runs/editProject';
import { Dialog } from '../widgets/Dialog';
import './menus.css';

interface ProjectDialogProps {
  project: Project;
  done(): Promise<void>;
}

export function ProjectDialog({ project, done }: ProjectDialogProps) {
  const open = useSignal(true);
  const name = useSignal(project.name);
  const description = useSignal(project.description);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  useEffect(() => open.subscribe((isOpen) => !isOpen && forget()), []);
  const save = async (event: Event) => {
    event.preventDefault();
    const texts = { name: name.value.trim(), description: description.value };
    if (await saveProject(project, texts, done)) open.value = false;
  };
  return (
    <Dialog open={open} label={`Name and description of ${project.name}`} class="rundialog">
      <form onSubmit={(event) => void save(event)}>
        <h2 class="bold ell">{project.name}</h2>
        <label class="mid" for="project-name">
          Name
        </label>
        <span class="field outlined">
          <input
            id="project-name"
            ref={input}
            required
            maxLength={128}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </span>
        <label class="mid" for="project-description">
          Description
        </label>
        <textarea
          id="project-description"
          rows={5}
          maxLength={20_000}
          value={description.value}
          onInput={(event) => (description.value = event.currentTarget.value)}
        />
        <span class="row">
          <span class="stretch" />
          <button type="button" class="btn" onClick={() => (open.value = false)}>
            Cancel
          </button>
          <button type="submit" class="btn pri">
            Save
          </button>
        </span>
      </form>
    </Dialog>
  );
}

function forget(): void {
  editedProject.value = null;
}
