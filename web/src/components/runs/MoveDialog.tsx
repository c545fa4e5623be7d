/** Asks for the project that runs are to be moved to: one that there is, or a new one. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { listProjects } from '../../api/client';
import type { Run } from '../../api/types';
import { movedRuns, moveTo, runWords } from '../../state/runs/moveRuns';
import { attempt } from '../../state/toasts';
import { Dialog } from '../widgets/Dialog';
import './menus.css';

export function MoveDialog({ runs }: { runs: Run[] }) {
  const open = useSignal(true);
  const project = useSignal('');
  const names = useSignal<string[]>([]);
  const { entity, project: present } = runs[0];
  useEffect(() => open.subscribe((isOpen) => !isOpen && forget()), []);
  useEffect(() => {
    void attempt('The projects could not be listed', async () => {
      const found = (await listProjects()).projects.filter((one) => one.entity === entity);
      names.value = found.map(({ name }) => name).filter((name) => name !== present);
    });
  }, []);
  const move = async (event: Event) => {
    event.preventDefault();
    if (await moveTo(runs, project.value.trim())) open.value = false;
  };
  return (
    <Dialog open={open} label={`Move ${runWords(runs)}`} class="rundialog">
      <form onSubmit={(event) => void move(event)}>
        <h2 class="bold ell">Move {runWords(runs)}</h2>
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
        <span class="row">
          <span class="stretch" />
          <button type="button" class="btn" onClick={() => (open.value = false)}>
            Cancel
          </button>
          <button type="submit" class="btn pri">
            Move
          </button>
        </span>
      </form>
    </Dialog>
  );
}

function forget(): void {
  movedRuns.value = [];
}
