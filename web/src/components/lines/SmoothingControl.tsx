/** Smoothing of the whole workspace: kind, slider with number, and whether the original shows. */

import type { Choice, Smoothing, SmoothingKind } from '../../model/types';
import { DEFAULT_AMOUNT, setSmoothing, smoothing } from '../../state/view/view';
import { compact } from '../../state/workspace/screen';
import { Check, NumberField, Select, Slider } from '../widgets/controls';

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

const RANGES: Record<SmoothingKind, Range> = {
  twema: { min: 0, max: 0.999, step: 0.001 },
  ema: { min: 0, max: 0.999, step: 0.001 },
  gaussian: { min: 0, max: 100, step: 0.5 },
  average: { min: 1, max: 200, step: 1 },
  none: { min: 0, max: 0, step: 1 },
};

const decimals = (kind: SmoothingKind, amount: number): number =>
  kind === 'twema' || kind === 'ema' ? (amount > 0.99 ? 3 : 2) : amount % 1 === 0 ? 0 : 1;

interface SmoothingAmountProps {
  label: string;
  of: Smoothing;
  onChange(amount: number): void;
}

/** A slider and a number. */
export function SmoothingAmount({ label, of: { kind, amount }, onChange }: SmoothingAmountProps) {
  const range = RANGES[kind];
  const set = (value: number) => onChange(Math.min(range.max, Math.max(range.min, value)));
  return (
    <>
      <Slider label={label} value={amount} {...range} onInput={set} />
      <NumberField
        label={`${label} as a number`}
        text={amount.toFixed(decimals(kind, amount))}
        onCommit={set}
      />
    </>
  );
}

export function SmoothingControl() {
  const { kind, amount, showOriginal } = smoothing.value;
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
          <SmoothingAmount
            label="Smoothing amount"
            of={smoothing.value}
            onChange={(next) => setSmoothing({ kind, amount: next, showOriginal })}
          />
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
