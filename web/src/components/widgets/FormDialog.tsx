/** A dialog with a form: a heading, what is typed, and Cancel beside the button that does it. */

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from './Dialog';

interface FormDialogProps {
  label: string;
  heading: ComponentChildren;
  /** What the button is called that does it. */
  action: string;
  /** Whether it was done, so that the dialog closes. */
  submit(): boolean | Promise<boolean>;
  closed(): void;
  children: ComponentChildren;
}

export function FormDialog({ label, heading, action, submit, closed, children }: FormDialogProps) {
  const open = useSignal(true);
  useEffect(() => open.subscribe((isOpen) => !isOpen && closed()), []);
  const busy = useRef(false);
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    if (busy.current) return; // it is on its way
    busy.current = true;
    try {
      if (await submit()) open.value = false;
    } finally {
      busy.current = false;
    }
  };
  return (
    <Dialog open={open} label={label} class="rundialog">
      <form onSubmit={(event) => void onSubmit(event)}>
        {heading}
        {children}
        <span class="row">
          <span class="stretch" />
          <button type="button" class="btn" onClick={() => (open.value = false)}>
            Cancel
          </button>
          <button type="submit" class="btn pri">
            {action}
          </button>
        </span>
      </form>
    </Dialog>
  );
}
