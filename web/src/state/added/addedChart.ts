/** What added panels of runs' values have in common: their runs, and the run under the pointer. */

import type { Run } from '../../api/types';
import type { ScatterPoint } from '../../charts/others/scatterPanel';
import type { Bar, Note } from '../../model/types';
import { asNumber } from '../runs/filters';
import { colorOf, highlighted, runValue } from '../runs/visibility';
import type { OwnPanel } from './addedPanels';

export interface OwnChartProps {
  panel: OwnPanel;
  onNotes(notes: Note[]): void;
}

export const numberAt = (run: Run, by: string): number => asNumber(runValue(run, by)) ?? Number.NaN;

/** Of the runs that have the value. */
export const barsOf = (runs: Run[], by: string): Bar[] =>
  runs
    .filter((run) => runValue(run, by) !== undefined)
    .map((run) => ({ ...styleOf(run), value: numberAt(run, by) }));

export const pointsOf = (runs: Run[], xBy: string, yBy: string): ScatterPoint[] =>
  runs.map((run) => ({ ...styleOf(run), x: numberAt(run, xBy), y: numberAt(run, yBy) }));

const styleOf = (run: Run) => ({ id: String(run.uid), label: run.name, color: colorOf(run) });

export const lit = (): string | null =>
  highlighted.value === null ? null : String(highlighted.value);

export function light(id: string | null): void {
  highlighted.value = id === null ? null : Number(id);
}

export function idOf({ id, kind, keys }: OwnPanel, runs: Run[]) {
  return { id, kind, key: keys.join(' '), runs: runs.map(({ uid }) => uid) };
}
