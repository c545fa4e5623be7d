import { dismiss, toasts } from '../../state/toasts';
import { IconButton } from '../widgets/controls';
import { Icon } from '../widgets/Icon';

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad, action }) => (
        <div class="toast" key={id}>
          {bad && <Icon name="warn" />}
          <span>{text}</span>
          {action && (
            <button
              type="button"
              class="act"
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton icon="x" label="Dismiss" small onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
