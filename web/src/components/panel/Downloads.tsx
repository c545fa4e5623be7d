/** The entry of a panel's menu for files made of it. */

import { Icon } from '../widgets/Icon';

interface DownloadsProps {
  /** What makes the file, by the ending of its name. */
  kinds: Record<string, () => void>;
}

export function Downloads({ kinds }: DownloadsProps) {
  return (
    <div class="downloads">
      <Icon name="download" />
      <span class="stretch">Download</span>
      {Object.entries(kinds).map(([kind, make]) => (
        <button
          type="button"
          key={kind}
          aria-label={`Download ${kind.toUpperCase()}`}
          onClick={make}
        >
          {kind.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
