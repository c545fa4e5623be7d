/** One number of all shown runs, with the run that it is of. */

import type { Run } from '../../api/types';
import { counted, formatExact, formatValue } from '../../math/numbers';
import { numberAt } from '../../state/added/addedChart';
import type { OwnPanel } from '../../state/added/addedPanels';
import { medianOf } from '../../state/runs/runColumns';
import { useScope } from '../../state/workspace/workspace';
import './text.css';

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
