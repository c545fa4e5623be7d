/** A bar for each run, for a key that every run has logged once. */

import { useMemo } from 'preact/hooks';
import { keyTitle } from '../../math/keyTitle';
import type { Bar, Line } from '../../model/types';
import { highlighted } from '../../state/runs/visibility';
import { BarsBox } from '../panel/BarsBox';
import type { PanelId } from '../panel/ChartBox';

interface BarsProps {
  panel: PanelId;
  lines: Line[];
  log: boolean;
}

export function BarsView({ panel, lines, log }: BarsProps) {
  const bars = useMemo<Bar[]>(
    () => lines.map(({ id, label, color, last }) => ({ id, label, color, value: last[0] })),
    [lines],
  );
  const lit = highlighted.value === null ? null : String(highlighted.value);
  const options = useMemo(() => ({ log, highlighted: lit }), [log, lit]);
  return (
    <BarsBox
      name={keyTitle(panel.key)}
      bars={bars}
      options={options}
      panel={{ ...panel, kind: 'bars' }}
    />
  );
}
