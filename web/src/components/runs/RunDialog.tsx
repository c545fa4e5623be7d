/** Name, tags or notes of a run, typed where the run has no row of the table. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../api/types';
import { type EditedField, editedRun, fieldText, saveField } from '../../state/runs/runEdits';
import { Dialog } from '../widgets/Dialog';
import { NameOf } from '../widgets/NameOf';
import './menus.css';

const TITLES: Record<EditedField, string> = {
  name: 'Name of the run',
  tags: 'Tags, with commas',
  notes: 'Notes',
};

interface RunDialogProps {
  run: Run;
  field: EditedField;
}

export function RunDialog({ run, field }: RunDialogProps) {
  const open = useSignal(true);
  const was = useRef(fieldText(run, field)).current;
  const text = useSignal(was);
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => input.current?.select(), []);
  useEffect(() => open.subscribe((isOpen) => !isOpen && forget()), []);
  const save = (event: Event) => {
    event.preventDefault();
    open.value = false;
    if (text.value !== was) saveField(run, field, text.value, was);
  };
  const common = {
    ref: input,
    value: text.value,
    'aria-label': TITLES[field],
    onInput: (event: { currentTarget: { value: string } }) => {
      text.value = event.currentTarget.value;
    },
  };
  return (
    <Dialog open={open} label={`${TITLES[field]}: ${run.name}`} class="rundialog">
      <form onSubmit={save}>
        <h2 class="bold ell" aria-label={run.name} title={run.name}>
          <NameOf name={run.name} />
        </h2>
        <span class="mid">{TITLES[field]}</span>
        {field === 'notes' ? (
          <textarea rows={6} {...common} />
        ) : (
          <span class="field outlined">
            <input {...common} />
          </span>
        )}
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
  editedRun.value = null;
}
