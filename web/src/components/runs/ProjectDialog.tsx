/** Name and description of a project, typed. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Project } from '../../api/types';
import { editedProject, saveProject } from '../../state/runs/editProject';
import { FormDialog } from '../widgets/FormDialog';
import './menus.css';

interface ProjectDialogProps {
  project: Project;
  done(): Promise<void>;
}

export function ProjectDialog({ project, done }: ProjectDialogProps) {
  const name = useSignal(project.name);
  const description = useSignal(project.description);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const save = () => {
    const texts = { name: name.value.trim(), description: description.value };
    return saveProject(project, texts, done);
  };
  return (
    <FormDialog
      label={`Name and description of ${project.name}`}
      heading={<h2 class="bold ell">{project.name}</h2>}
      action="Save"
      submit={save}
      closed={forget}
    >
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
    </FormDialog>
  );
}

function forget(): void {
  editedProject.value = null;
}
