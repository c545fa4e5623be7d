/** The legend over the plot of a line panel. */

import type { Line } from '../../model/types';
import { cssColor } from '../../state/runs/visibility';
import { NameOf } from '../widgets/NameOf';
import './lines.css';

/** The sidebar names runs; names by a template and computed lines stand over the plot. */
export function LineLegend({ lines }: { lines: Line[] }) {
  return (
    <ul
      class="linelegend"
      aria-label="Legend"
      title={lines.map(({ label }) => label).join('\n')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      tabIndex={0}
    >
      {lines.map(({ id, label, color, dash }) => (
        <li key={id}>
          <svg width="16" height="2" aria-hidden="true">
            <line
              x2="16"
              y1="1"
              y2="1"
              stroke={cssColor(color)}
              stroke-width="2"
              stroke-dasharray={dash.join(' ')}
            />
          </svg>
          <span title={label}>
            <NameOf name={label} />
          </span>
        </li>
      ))}
    </ul>
  );
}
