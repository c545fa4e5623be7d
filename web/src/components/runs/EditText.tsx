/** A text that is edited where it stands: Enter or leaving it keeps it, Escape does not. */

import { useState } from 'preact/hooks';

interface EditTextProps {
  label: string;
  value: string;
  /** `was`: the value that the edit began with, whatever it has become elsewhere since. */
  onDone(value: string | null, was: string): void;
}

export function EditText({ label, value: present, onDone }: EditTextProps) {
  const [value] = useState(present);
  const onKey = (event: KeyboardEvent) => {
    const input = event.currentTarget as HTMLInputElement;
    if (event.key === 'Escape') {
      input.value = value;
      onDone(null, value);
    } else if (event.key === 'Enter') input.blur();
    event.stopPropagation();
  };
  const finish = (text: string) => onDone(text === value ? null : text, value);
  return (
    <input
      class="edit"
      aria-label={label}
      ref={(input) => input?.focus()}
      defaultValue={value}
      onKeyDown={onKey}
      onBlur={(event) => finish(event.currentTarget.value.trim())}
    />
  );
}
