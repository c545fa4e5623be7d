/** Runs that are selected in the table, to be changed at once. */

import { signal } from '@preact/signals';
import type { Run } from '../../api/types';

export const selected = signal<ReadonlySet<number>>(new Set());

/** The run whose row is given the focus, as what had it is gone. */
export const nextRow = signal<number | null>(null);

/** Whether the heading of the next page is given the focus, as what had it went with a page. */
export const headingNext = signal(false);

/** The run that was pressed last: a range goes from it to the next. */
let anchor: number | null = null;

/** Selects a run or takes it off; as a `range`, all from the last one to it alike. */
export function select(listed: Run[], run: Run, on: boolean, range: boolean): void {
  const next = new Set(selected.peek());
  const from = range ? listed.findIndex(({ uid }) => uid === anchor) : -1;
  const to = listed.indexOf(run);
  const runs = from < 0 ? [run] : listed.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const { uid } of runs) {
    if (on) next.add(uid);
    else next.delete(uid);
  }
  anchor = run.uid;
  selected.value = next;
}

export function selectAll(listed: Run[]): void {
  selected.value = new Set(listed.map(({ uid }) => uid));
}

export function selectNone(): void {
  anchor = null;
  selected.value = new Set();
}
