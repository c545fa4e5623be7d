/** Name, tags or notes of a run, typed where the run has no row of the table. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../api/types';
import { type EditedField, editedRun, fieldText, saveField } from '../../state/runs/runEdits';
import { FormDialog } from '../widgets/FormDialog';
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
  const was = useRef(fieldText(run, field)).current;
  const text = useSignal(was);
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => input.current?.select(), []);
  const save = () => {
    if (text.value !== was) saveField(run, field, text.value, was);
    return true;
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
    <FormDialog
      label={`${TITLES[field]}: ${run.name}`}
      heading={
        <h2 class="bold ell" aria-label={run.name} title={run.name}>
          <NameOf name={run.name} />
        </h2>
      }
      action="Save"
      submit={save}
      closed={forget}
    >
      <span class="mid">{TITLES[field]}</span>
      {field === 'notes' ? (
        <textarea rows={6} {...common} />
      ) : (
        <span class="field outlined">
          <input {...common} />
        </span>
      )}
    </FormDialog>
  );
}

function forget(): void {
  editedRun.value = null;
}
