/** Added panels of values that runs have once: bars, one number, scatter, parallel coordinates. */

import { useMemo } from 'preact/hooks';
import type { Run } from '../../api/types';
import { BarsPanel } from '../../charts/barsPanel';
import { type ParallelAxis, type ParallelData, ParallelPanel } from '../../charts/parallelPanel';
import { ScatterPanel } from '../../charts/scatterPanel';
import type { Note } from '../../charts/types';
import { formatExact, formatValue } from '../../math/numbers';
import { asNumber, asText } from '../../state/filters';
import type { OwnPanel } from '../../state/ownPanels';
import { columnName, medianOf } from '../../state/runColumns';
import { colorOf, highlighted, runValue } from '../../state/visibility';
import { useScope } from '../../state/workspace';
import { ChartBox } from '../ChartBox';

interface OwnChartProps {
  panel: OwnPanel;
  onNotes(notes: Note[]): void;
}

const numberAt = (run: Run, by: string): number => asNumber(runValue(run, by)) ?? Number.NaN;

const lit = (): string | null => (highlighted.value === null ? null : String(highlighted.value));

function light(id: string | null): void {
  highlighted.value = id === null ? null : Number(id);
}

function idOf({ id, kind, keys }: OwnPanel, runs: Run[]) {
  return { id, kind, key: keys.join(' '), runs: runs.map(({ uid }) => uid) };
}

export function OwnBars({ panel, onNotes }: OwnChartProps) {
  const runs = useScope().runs.value;
  const bars = useMemo(
    () =>
      runs
        .filter((run) => runValue(run, panel.keys[0]) !== undefined)
        .map((run) => ({
          id: String(run.uid),
          label: run.name,
          color: colorOf(run),
          value: numberAt(run, panel.keys[0]),
        })),
    [runs, panel],
  );
  const options = useMemo(() => ({ log: false, highlighted: lit() }), [lit()]);
  return (
    <ChartBox
      make={BarsPanel}
      data={bars}
      options={options}
      panel={idOf(panel, runs)}
      callbacks={{ onNotes, onNearest: light }}
    />
  );
}

export function OwnScatter({ panel, onNotes }: OwnChartProps) {
  const runs = useScope().runs.value;
  const [xBy, yBy] = panel.keys;
  const points = useMemo(
    () =>
      runs.map((run) => ({
        id: String(run.uid),
        label: run.name,
        color: colorOf(run),
        x: numberAt(run, xBy),
        y: numberAt(run, yBy),
      })),
    [runs, panel],
  );
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

const WIDE = 100;

/** Settings over several orders of magnitude, such as learning rates, need a log axis. */
function wideRange(values: number[]): boolean {
  const finite = values.filter(Number.isFinite);
  const lo = Math.min(...finite);
  return finite.length > 1 && lo > 0 && Math.max(...finite) / lo >= WIDE;
}

export function OwnParallel({ panel, onNotes }: OwnChartProps) {
  const runs = useScope().runs.value;
  const data = useMemo<ParallelData>(() => {
    const axes = panel.keys.map((by) => axisOf(runs, by));
    return {
      axes,
      runs: runs.map((run) => ({
        id: String(run.uid),
        label: run.name,
        color: colorOf(run),
        places: axes.map((axis, i) => placeOn(axis, run, panel.keys[i])),
      })),
    };
  }, [runs, panel]);
  const options = useMemo(() => ({ highlighted: lit() }), [lit()]);
  return (
    <ChartBox
      make={ParallelPanel}
      data={data}
      options={options}
      panel={idOf(panel, runs)}
      callbacks={{ onNotes, onNearest: light }}
    />
  );
}

function axisOf(runs: Run[], by: string): ParallelAxis {
  const values = runs.map((run) => runValue(run, by)).filter((v) => v !== undefined && v !== null);
  const numbers = values.map(asNumber);
  const label = columnName(by);
  if (numbers.some((number) => number === null)) {
    return { label, range: null, words: [...new Set(values.map(asText))].sort() };
  }
  const finite = numbers.filter((n): n is number => n !== null && Number.isFinite(n));
  if (finite.length === 0) return { label, range: null, words: [] };
  return { label, range: [Math.min(...finite), Math.max(...finite)], words: [] };
}

function placeOn({ range, words }: ParallelAxis, run: Run, by: string): number {
  if (range) {
    const value = numberAt(run, by);
    if (!Number.isFinite(value)) return Number.NaN;
    return range[1] > range[0] ? (value - range[0]) / (range[1] - range[0]) : 0.5;
  }
  const at = words.indexOf(asText(runValue(run, by)));
  if (at < 0) return Number.NaN;
  return words.length > 1 ? at / (words.length - 1) : 0.5;
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
        {statistic} of {found.runs} {found.runs === 1 ? 'run' : 'runs'}
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
