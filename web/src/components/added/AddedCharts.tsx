/** Added panels of values that runs have once: bars, one number, scatter. */

import { useMemo } from 'preact/hooks';
import { ScatterPanel } from '../../charts/others/scatterPanel';
import { wideRange } from '../../math/parallel';
import {
  barsOf,
  idOf,
  light,
  lit,
  type OwnChartProps,
  pointsOf,
} from '../../state/added/addedChart';
import { columnName } from '../../state/runs/runColumns';
import { useScope } from '../../state/workspace/workspace';
import { BarsBox } from '../panel/BarsBox';
import { ChartBox } from '../panel/ChartBox';
import '../text/text.css';

export function OwnBars({ panel, onNotes }: OwnChartProps) {
  const runs = useScope().runs.value;
  const bars = useMemo(() => barsOf(runs, panel.keys[0]), [runs, panel]);
  const options = useMemo(() => ({ log: false, highlighted: lit() }), [lit()]);
  return (
    <BarsBox
      name={columnName(panel.keys[0])}
      bars={bars}
      options={options}
      panel={idOf(panel, runs)}
      callbacks={{ onNotes, onNearest: light }}
    />
  );
}

export function OwnScatter({ panel, onNotes }: OwnChartProps) {
  const runs = useScope().runs.value;
  const [xBy, yBy] = panel.keys;
  const points = useMemo(() => pointsOf(runs, xBy, yBy), [runs, panel]);
  const options = useMemo(
    () => ({
      titles: { x: columnName(xBy), y: columnName(yBy) },
      noun: 'runs',
      log: { x: wideRange(points.map(({ x }) => x)), y: false },
      highlighted: lit(),
    }),
    [points, lit()],
  );
  return (
    <ChartBox
      make={ScatterPanel}
      data={points}
      options={options}
      panel={idOf(panel, runs)}
      callbacks={{ onNotes, onNearest: light }}
    />
  );
}
