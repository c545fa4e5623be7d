/** The entry of a panel's menu for files made of it. */

import { Icon } from '../widgets/Icon';

interface DownloadsProps {
  /** What makes the file, by the ending of its name, or `2× png`. */
  kinds: Record<string, () => void>;
  /** Runs before any of them. */
  close(): void;
}

export function Downloads({ kinds, close }: DownloadsProps) {
  return (
    <div class="downloads">
      <Icon name="download" />
      <span class="stretch">Download</span>
      {Object.entries(kinds).map(([kind, make]) => (
        <button
          type="button"
          key={kind}
          aria-label={`Download ${kind.toUpperCase()}`}
          onClick={() => {
            close();
            make();
          }}
        >
          {kind.split(' ')[0].toUpperCase()}
        </button>
      ))}
    </div>
  );
}
