/** Smoothing of the whole workspace: kind, slider with number, and whether the original shows. */

import { formatCount } from '../../math/numbers';
import { amountAt, averagedPoints, placeOf } from '../../math/smoothScale';
import type { Choice, Smoothing, SmoothingKind } from '../../model/types';
import { DEFAULT_AMOUNT, setSmoothing, smoothing } from '../../state/view/view';
import { compact } from '../../state/workspace/screen';
import { useScope } from '../../state/workspace/workspace';
import { Check, NumberField, Select, Slider } from '../widgets/controls';

export const SMOOTHING_CHOICES: Choice<SmoothingKind>[] = [
  ['twema', 'Time-weighted EMA'],
  ['ema', 'EMA'],
  ['gaussian', 'Gaussian'],
  ['average', 'Running average'],
  ['none', 'No smoothing'],
];

/** The same in few letters, where there is little room. */
const SHORT_CHOICES: Choice<SmoothingKind>[] = [
  ['twema', 'TWEMA'],
  ['ema', 'EMA'],
  ['gaussian', 'Gauss'],
  ['average', 'Mean'],
  ['none', 'None'],
];

/** What may be typed. */
const BOUNDS: Record<SmoothingKind, [least: number, most: number]> = {
  twema: [0, 0.999],
  ema: [0, 0.999],
  gaussian: [0, 100],
  average: [1, 200],
  none: [0, 0],
};

const decimals = (kind: SmoothingKind, amount: number): number =>
  kind === 'twema' || kind === 'ema' ? (amount > 0.99 ? 3 : 2) : amount % 1 === 0 ? 0 : 1;

/** Two digits are enough of what the slider makes of it. */
const rounded = (points: number): string =>
  formatCount(points < 100 ? Math.round(points) : Number(points.toPrecision(2)));

const TYPED: Record<SmoothingKind, string> = {
  twema: "W&B's scale, 0 to 0.999",
  ema: "W&B's scale, 0 to 0.999",
  gaussian: 'standard deviation in points, 0 to 100',
  average: 'points, 1 to 200',
  none: '',
};

interface SmoothingAmountProps {
  label: string;
  of: Smoothing;
  onChange(amount: number): void;
}

/** A slider of even steps of effect, the amount as a number, and how much that averages. */
export function SmoothingAmount({ label, of: { kind, amount }, onChange }: SmoothingAmountProps) {
  const points = useScope().workspace.series.points.value;
  const [least, most] = BOUNDS[kind];
  const known = points > 0 || kind !== 'twema';
  const averaged = rounded(averagedPoints(kind, amount, points));
  const noun = averaged === '1' ? 'point' : 'points';
  return (
    <>
      <Slider
        label={label}
        value={placeOf(kind, amount)}
        min={0}
        max={1}
        step={0.01}
        text={`about ${averaged} ${noun}`}
        onInput={(place) => onChange(amountAt(kind, place))}
      />
      <NumberField
        label={`${label} as a number`}
        title={TYPED[kind]}
        text={amount.toFixed(decimals(kind, amount))}
        onCommit={(value) => onChange(Math.min(most, Math.max(least, value)))}
      />
      <output
        class="averaged"
        title={`As smooth as the mean of ${averaged} points, on a line of ${formatCount(points)}`}
      >
        {known && (compact.value ? `≈ ${averaged} pts` : `about ${averaged} ${noun}`)}
      </output>
    </>
  );
}

export function SmoothingControl() {
  const { kind, amount, showOriginal } = smoothing.value;
  return (
    <>
      <div class="grp smoothing">
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
