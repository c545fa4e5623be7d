/** Which runs are drawn: as their eyes were set, else the first of the list. */

import { computed, type ReadonlySignal } from '@preact/signals';
import type { Run } from '../../api/types';
import { params, setParams } from '../view/view';
import { groupField, groupsOf, listed } from './runList';
import { linesOfList } from './trainings';

/** Until an eye is touched, this many runs are shown, or all members of this many groups. */
const SHOWN_AT_FIRST = 10;
/** All ranks of a training are shown, and trainings as long as they are no more runs than these. */
const RANKS_AT_FIRST = 64;
const ALL = '*';

function list(text: string | undefined): string[] {
  return text ? text.split(',').map(decodeURIComponent) : [];
}

function join(ids: Iterable<string>): string {
  return [...ids].map(encodeURIComponent).join(',');
}

/** The first of the list, in its order, under its search. */
function firstRuns(filtered: Run[]): Run[] {
  const runs = listed(filtered);
  if (!groupField.value) return firstLines(linesOfList(runs).slice(0, SHOWN_AT_FIRST));
  return [...groupsOf(runs, groupField.value).values()].slice(0, SHOWN_AT_FIRST).flat();
}

function firstLines([first = [], ...more]: Run[][]): Run[] {
  const shown = [...first];
  for (const line of more) {
    if (shown.length + line.length > RANKS_AT_FIRST) break;
    shown.push(...line);
  }
  return shown;
}

const show = computed(() => params.value.show);
const hide = computed(() => params.value.hide);

/** `show` and `hide` name the runs whose eyes were touched; `*` is all others. */
function visibleRuns(filtered: Run[]): Run[] {
  const [on, off] = [new Set(list(show.value)), new Set(list(hide.value))];
  const first = on.has(ALL) || off.has(ALL) ? [] : firstRuns(filtered);
  const others = on.has(ALL) ? filtered : first;
  const shown = new Set(others.map(({ uid }) => uid));
  return filtered.filter(({ uid, run_id }) => {
    return !off.has(run_id) && (on.has(run_id) || shown.has(uid));
  });
}

export const visibleIn = (filtered: ReadonlySignal<Run[]>): ReadonlySignal<Run[]> =>
  computed(() => visibleRuns(filtered.value));

export const toggleRun = (filtered: Run[], visible: Run[], run: Run): void =>
  setShown(filtered, [run], !visible.includes(run));

/** Shows or hides some of the runs; the others stay as they are. */
export function setShown(filtered: Run[], chosen: Run[], on: boolean): void {
  const [shown, hidden] = [new Set(list(params.peek().show)), new Set(list(params.peek().hide))];
  const [all, none] = [shown.has(ALL), hidden.has(ALL)];
  const first = new Set(all || none ? [] : firstRuns(filtered).map(({ run_id }) => run_id));
  for (const { run_id } of chosen) {
    hidden.delete(run_id);
    shown.delete(run_id);
    if (on && !all && !first.has(run_id)) shown.add(run_id);
    if (!on && !none) hidden.add(run_id);
  }
  setParams({ show: join(shown), hide: join(hidden) }, 'push');
}

export const showAll = (): void => setParams({ show: ALL, hide: null }, 'push');
export const showNone = (): void => setParams({ hide: ALL, show: null }, 'push');

export function showOnly(...runs: Run[]): void {
  setParams({ hide: ALL, show: join(runs.map(({ run_id }) => run_id)) }, 'push');
}
