/** The slider over the steps at which a media key was logged. */

import { formatCount } from '../../math/numbers';
import { nearestIndex } from '../../math/search';
import { NumberField, Slider } from '../widgets/controls';

interface MediaStepsProps {
  name: string;
  steps: number[];
  at: number;
  onSelect(step: number): void;
}

export function MediaSteps({ name, steps, at, onSelect }: MediaStepsProps) {
  const select = (index: number) => onSelect(steps[index]);
  return (
    <div class="mediasteps row t12 dim">
      {steps.length > 1 && (
        <Slider
          label={`Step of ${name}`}
          min={0}
          max={steps.length - 1}
          step={1}
          value={steps.indexOf(at)}
          onInput={select}
        />
      )}
      step
      <NumberField
        label={`Step of ${name} as a number`}
        text={formatCount(at)}
        onCommit={(step) => select(nearestIndex(steps, step))}
      />
      {steps.length > 1 && (
        <span>
          {formatCount(steps.indexOf(at) + 1)} of {formatCount(steps.length)}
        </span>
      )}
    </div>
  );
}
