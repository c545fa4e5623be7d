/** The ranges of parallel coordinates in the panel's menu: typed or ticked instead of dragged. */

import type { Brush, ParallelAxis } from '../../math/parallel';
import type { OwnPanel } from '../../state/added/addedPanels';
import { brushesOf, clearBrushes, setBrush } from '../../state/added/brushes';
import { useScope } from '../../state/workspace/workspace';
import { Check, NumberField } from '../widgets/controls';
import { Icon } from '../widgets/Icon';
import { axisOf } from './ParallelPanel';

export function BrushSettings({ panel: { id, keys } }: { panel: OwnPanel }) {
  const runs = useScope().runs.value;
  const brushes = brushesOf(id, keys);
  return (
    <>
      <div class="brushes">
        {keys.map((by) => (
          <AxisSettings
            key={by}
            axis={axisOf(runs, by)}
            brush={brushes.get(by) ?? null}
            onBrush={(brush) => setBrush(id, by, brush)}
          />
        ))}
      </div>
      <button type="button" disabled={brushes.size === 0} onClick={() => clearBrushes(id)}>
        <Icon name="reset" />
        Clear the selection
      </button>
      <hr />
    </>
  );
}

interface AxisSettingsProps {
  axis: ParallelAxis;
  brush: Brush | null;
  onBrush(brush: Brush | null): void;
}

function AxisSettings({ axis, brush, onBrush }: AxisSettingsProps) {
  const { label, range, words } = axis;
  if (!range) {
    const chosen = brush && 'words' in brush ? brush.words : [];
    const toggle = (word: string, on: boolean) => {
      const next = on ? [...chosen, word] : chosen.filter((one) => one !== word);
      onBrush(next.length > 0 ? { words: words.filter((one) => next.includes(one)) } : null);
    };
    return (
      <fieldset class="opt" aria-label={`Values of ${label}`}>
        <span class="ell">{label}</span>
        <span class="row wrap">
          {words.map((word) => (
            <Check
              key={word}
              label={word}
              checked={chosen.includes(word)}
              onChange={(on) => toggle(word, on)}
            />
          ))}
        </span>
      </fieldset>
    );
  }
  const [from, to] = brush && 'from' in brush ? [brush.from, brush.to] : range;
  const set = (a: number, b: number) => onBrush({ from: Math.min(a, b), to: Math.max(a, b) });
  return (
    <div class="opt">
      <span class="ell">{label}</span>
      <span class="row">
        <NumberField
          label={`Lowest ${label}`}
          text={String(from)}
          onCommit={(value) => set(value, to)}
        />
        –
        <NumberField
          label={`Highest ${label}`}
          text={String(to)}
          onCommit={(value) => set(from, value)}
        />
      </span>
    </div>
  );
}
