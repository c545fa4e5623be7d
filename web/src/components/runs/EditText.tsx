/** A text that is edited where it stands: Enter or leaving it keeps it, Escape does not. */

interface EditTextProps {
  label: string;
  value: string;
  onDone(value: string | null): void;
}

export function EditText({ label, value, onDone }: EditTextProps) {
  const onKey = (event: KeyboardEvent) => {
    const input = event.currentTarget as HTMLInputElement;
    if (event.key === 'Escape') {
      input.value = value;
      onDone(null);
    } else if (event.key === 'Enter') input.blur();
    event.stopPropagation();
  };
  const finish = (text: string) => onDone(text === value ? null : text);
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
