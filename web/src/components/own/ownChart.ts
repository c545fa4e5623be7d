/** What added panels of runs' values have in common: their runs, and the run under the pointer. */

import type { Run } from '../../api/types';
import type { Note } from '../../charts/types';
import { asNumber } from '../../state/filters';
import type { OwnPanel } from '../../state/ownPanels';
import { highlighted, runValue } from '../../state/visibility';

export interface OwnChartProps {
  panel: OwnPanel;
  onNotes(notes: Note[]): void;
}

export const numberAt = (run: Run, by: string): number => asNumber(runValue(run, by)) ?? Number.NaN;

export const lit = (): string | null =>
  highlighted.value === null ? null : String(highlighted.value);

export function light(id: string | null): void {
  highlighted.value = id === null ? null : Number(id);
}

export function idOf({ id, kind, keys }: OwnPanel, runs: Run[]) {
  return { id, kind, key: keys.join(' '), runs: runs.map(({ uid }) => uid) };
}
