/** Asks for the project that runs are to be moved to: one that there is, or a new one. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { listProjects } from '../../api/client';
import type { Run } from '../../api/types';
import { movedRuns, moveTo, runWords } from '../../state/runs/moveRuns';
import { attempt } from '../../state/toasts';
import { FormDialog } from '../widgets/FormDialog';
import './menus.css';

export function MoveDialog({ runs }: { runs: Run[] }) {
  const project = useSignal('');
  const names = useSignal<string[]>([]);
  const { entity, project: present } = runs[0];
  useEffect(() => {
    void attempt('The projects could not be listed', async () => {
      const found = (await listProjects()).projects.filter((one) => one.entity === entity);
      names.value = found.map(({ name }) => name).filter((name) => name !== present);
    });
  }, []);
  return (
    <FormDialog
      label={`Move ${runWords(runs)}`}
      heading={<h2 class="bold ell">Move {runWords(runs)}</h2>}
      action="Move"
      submit={() => moveTo(runs, project.value.trim())}
      closed={forget}
    >
      <label class="mid" for="move-project">
        To project
      </label>
      <span class="field outlined">
        <input
          id="move-project"
          required
          list="move-projects"
          value={project.value}
          onInput={(event) => (project.value = event.currentTarget.value)}
        />
      </span>
      <datalist id="move-projects">
        {names.value.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <span class="t12 dim">
        Links to {present} lead to {runs.length === 1 ? 'it' : 'them'}, and a training goes on
        logging. Artifacts stay in {present}.
      </span>
    </FormDialog>
  );
}

function forget(): void {
  movedRuns.value = [];
}
