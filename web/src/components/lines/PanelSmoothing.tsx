/** Smoothing of a panel or a section, which may be that of the level above. */

import type { Choice, SmoothingKind } from '../../model/types';
import { DEFAULT_AMOUNT, formatSmoothing, parseSmoothing, smoothing } from '../../state/view/view';
import { Check, Select } from '../widgets/controls';
import { SMOOTHING_CHOICES, SmoothingAmount } from './SmoothingControl';

interface OwnSmoothingProps {
  /** `panel` or `section`. */
  of: string;
  /** The level above. */
  above: string;
  text: string | undefined;
  onChange(text: string | null, mode: 'push' | 'replace'): void;
}

type OwnKind = SmoothingKind | 'inherit';

export function OwnSmoothing({ of, above, text, onChange }: OwnSmoothingProps) {
  const own = parseSmoothing(text);
  const choices: Choice<OwnKind>[] = [['inherit', `As ${above}`], ...SMOOTHING_CHOICES];
  const choose = (kind: OwnKind) => {
    if (kind === 'inherit') return onChange(null, 'push');
    const { showOriginal } = smoothing.peek();
    return onChange(formatSmoothing({ kind, amount: DEFAULT_AMOUNT[kind], showOriginal }), 'push');
  };
  return (
    <>
      <div class="opt">
        Smoothing
        <Select
          label={`Smoothing of this ${of}`}
          value={own?.kind ?? 'inherit'}
          choices={choices}
          onChange={choose}
        />
      </div>
      {own && own.kind !== 'none' && (
        <>
          <div class="opt">
            <SmoothingAmount
              label={`Amount for this ${of}`}
              of={own}
              onChange={(amount) => onChange(formatSmoothing({ ...own, amount }), 'replace')}
            />
          </div>
          <div class="opt">
            <Check
              label="Show the original"
              checked={own.showOriginal}
              onChange={(showOriginal) =>
                onChange(formatSmoothing({ ...own, showOriginal }), 'push')
              }
            />
          </div>
        </>
      )}
    </>
  );
}
