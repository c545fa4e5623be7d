/** Added panels of values that runs have once: bars, one number, scatter. */

import { useMemo } from 'preact/hooks';
import type { Run } from '../../api/types';
import { ScatterPanel } from '../../charts/others/scatterPanel';
import { counted, formatExact, formatValue } from '../../math/numbers';
import { wideRange } from '../../math/parallel';
import type { OwnPanel } from '../../state/added/addedPanels';
import { columnName, medianOf } from '../../state/runs/runColumns';
import { useScope } from '../../state/workspace';
import { ChartBox } from '../panel/ChartBox';
import { barsOf, idOf, light, lit, numberAt, type OwnChartProps, pointsOf } from './addedChart';
import { BarsBox } from './BarsBox';
import './text.css';

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

/** One number of all shown runs, with the run that it is of. */
export function OwnScalar({ panel }: { panel: OwnPanel }) {
  const runs = useScope().runs.value;
  const statistic = panel.statistic ?? 'min';
  const found = statisticOf(runs, panel.keys[0], statistic);
  if (!found) return <div class="scalar dim">None of the shown runs has this value.</div>;
  return (
    <div class="scalar">
      <b title={formatExact(found.value)}>{formatValue(found.value)}</b>
      <span class="mid">
        {statistic} of {counted(found.runs, 'run')}
        {found.of && `: ${found.of.name}`}
      </span>
    </div>
  );
}

type Statistic = NonNullable<OwnPanel['statistic']>;

function statisticOf(runs: Run[], by: string, statistic: Statistic) {
  const known = runs
    .map((run) => ({ run, value: numberAt(run, by) }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.value - b.value);
  if (known.length === 0) return null;
  if (statistic === 'min') return { value: known[0].value, of: known[0].run, runs: known.length };
  const last = known[known.length - 1];
  if (statistic === 'max') return { value: last.value, of: last.run, runs: known.length };
  const mean = known.reduce((sum, { value }) => sum + value, 0) / known.length;
  const value = statistic === 'mean' ? mean : medianOf(runs, by)!;
  return { value, of: null, runs: known.length };
}
