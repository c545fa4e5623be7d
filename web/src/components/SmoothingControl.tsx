/** Smoothing of the whole workspace: kind, slider with number, and whether the original shows. */

import type { SmoothingKind } from '../charts/types';
import { compact } from '../state/screen';
import { DEFAULT_AMOUNT, setSmoothing, smoothing } from '../state/view';
import { Check, type Choice, NumberField, Select, Slider } from './controls';

export const SMOOTHING_CHOICES: Choice<SmoothingKind>[] = [
  ['twema', 'Time-weighted EMA'],
  ['ema', 'EMA'],
  ['gaussian', 'Gaussian'],
  ['average', 'Running average'],
  ['none', 'No smoothing'],
];

interface Range {
  min: number;
  max: number;
  step: number;
}

/** The same in few letters, where there is little room. */
const SHORT_CHOICES: Choice<SmoothingKind>[] = [
  ['twema', 'TWEMA'],
  ['ema', 'EMA'],
  ['gaussian', 'Gauss'],
  ['average', 'Mean'],
  ['none', 'None'],
];

export const SMOOTHING_RANGE: Record<SmoothingKind, Range> = {
  twema: { min: 0, max: 0.999, step: 0.001 },
  ema: { min: 0, max: 0.999, step: 0.001 },
  gaussian: { min: 0, max: 100, step: 0.5 },
  average: { min: 1, max: 200, step: 1 },
  none: { min: 0, max: 0, step: 1 },
};

const decimals = (kind: SmoothingKind, amount: number): number =>
  kind === 'twema' || kind === 'ema' ? (amount > 0.99 ? 3 : 2) : amount % 1 === 0 ? 0 : 1;

export function SmoothingControl() {
  const { kind, amount, showOriginal } = smoothing.value;
  const range = SMOOTHING_RANGE[kind];
  const clamp = (value: number) => Math.min(range.max, Math.max(range.min, value));
  const set = (value: number) => setSmoothing({ kind, amount: clamp(value), showOriginal });
  return (
    <>
      <div class="grp">
        <span class="lbl">Smooth</span>
        <Select
          label="Smoothing"
          value={kind}
          choices={compact.value ? SHORT_CHOICES : SMOOTHING_CHOICES}
          onChange={(next) =>
            setSmoothing({ kind: next, amount: DEFAULT_AMOUNT[next], showOriginal })
          }
        />
        {kind !== 'none' && (
          <>
            <Slider label="Smoothing amount" value={amount} {...range} onInput={set} />
            <NumberField
              label="Smoothing amount as a number"
              text={amount.toFixed(decimals(kind, amount))}
              onCommit={set}
            />
          </>
        )}
      </div>
      {kind !== 'none' && (
        <Check
          label={compact.value ? 'Original' : 'Show original'}
          checked={showOriginal}
          onChange={(on) => setSmoothing({ kind, amount, showOriginal: on })}
        />
      )}
    </>
  );
}
