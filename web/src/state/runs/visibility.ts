/** Which runs are shown, in which order they stand, and how they are coloured. */

import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Run } from '../../api/types';
import { runColor, runDash } from '../../math/color';
import { jsonNumber } from '../../math/jsonNumber';
import type { Json } from '../../model/json';
import { params, setParams } from '../view/view';
import { metricValue } from './metricValues';

/** The newest runs that are shown before anybody has chosen. */
const SHOWN_AT_FIRST = 10;
const ALL = '*';

/** The run that the pointer is on in a list or near in a chart; its lines are drawn thicker. */
export const highlighted = signal<number | null>(null);

function list(text: string | undefined): string[] {
  return text ? text.split(',').map(decodeURIComponent) : [];
}

function join(ids: Iterable<string>): string {
  return [...ids].map(encodeURIComponent).join(',');
}

/** Without a choice the newest are shown; `show` and `hide` name what differs from that. */
function visibleRuns(runs: Run[], show: string | undefined, hide: string | undefined) {
  const shown = new Set(list(show));
  const hidden = new Set(list(hide));
  return runs.filter((run, index) => {
    if (hidden.has(run.run_id)) return false;
    if (shown.has(run.run_id) || show === ALL) return true;
    return index < SHOWN_AT_FIRST && hide !== ALL;
  });
}

export const visibleIn = (runs: ReadonlySignal<Run[]>) =>
  computed(() => visibleRuns(runs.value, params.value.show, params.value.hide));

/** Writes a set of shown runs as its difference from the default. */
function write(runs: Run[], shown: Set<string>): void {
  const isDefault = (index: number) => index < SHOWN_AT_FIRST;
  const extra = runs.filter((run, i) => !isDefault(i) && shown.has(run.run_id));
  const missing = runs.filter((run, i) => isDefault(i) && !shown.has(run.run_id));
  setParams(
    { show: join(extra.map((run) => run.run_id)), hide: join(missing.map((run) => run.run_id)) },
    'push',
  );
}

export function toggleRun(runs: Run[], visible: Run[], run: Run): void {
  setShown(runs, visible, [run], !visible.includes(run));
}

/** Shows or hides some of the runs; the others stay as they are. */
export function setShown(runs: Run[], visible: Run[], chosen: Run[], on: boolean): void {
  const shown = new Set(visible.map(({ run_id }) => run_id));
  for (const { run_id } of chosen) {
    if (on) shown.add(run_id);
    else shown.delete(run_id);
  }
  if (params.peek().hide === ALL || params.peek().show === ALL) {
    const hiding = params.peek().show === ALL;
    const rest = hiding ? runs.filter(({ run_id }) => !shown.has(run_id)).map((r) => r.run_id) : [];
    setParams(hiding ? { hide: join(rest) } : { show: join(shown) }, 'push');
  } else write(runs, shown);
}

export const showAll = (): void => setParams({ show: ALL, hide: null }, 'push');
export const showNone = (): void => setParams({ hide: ALL, show: null }, 'push');

export function showOnly(...runs: Run[]): void {
  setParams({ hide: ALL, show: join(runs.map(({ run_id }) => run_id)) }, 'push');
}

/** CSS colour or custom property of a run: what was chosen, else its slot of the palette. */
export const colorOf = (run: Run): string => run.color || runColor(run.slot);
export const dashOf = (run: Run): number[] => (run.color ? [] : runDash(run.slot));

/** The colour as a value for a style, where a custom property needs var(). */
export const cssColor = (color: string): string =>
  color.startsWith('--') ? `var(${color})` : color;

export interface Sort {
  by: string;
  descending: boolean;
}

export function parseSort(text: string | undefined): Sort {
  if (!text) return { by: 'created', descending: true };
  return text.startsWith('-')
    ? { by: text.slice(1), descending: true }
    : { by: text, descending: false };
}

export const formatSort = ({ by, descending }: Sort): string => (descending ? '-' : '') + by;

/** `config.optimizer.lr` and `summary.val/loss`: nested by dots, or a key that has dots itself. */
function lookUp(values: Record<string, Json>, name: string): Json | undefined {
  if (name in values) return values[name];
  let here: Json | undefined = values;
  for (const step of name.split('.')) {
    if (here === null || typeof here !== 'object' || Array.isArray(here)) return undefined;
    here = here[step];
  }
  return here;
}

export function runValue(run: Run, by: string): Json | undefined {
  if (by === 'created') return run.created_us;
  if (by === 'runtime') return run.runtime_secs;
  if (by === 'name') return run.name;
  if (by === 'state') return run.state;
  if (by === 'group') return run.group;
  if (by === 'job_type') return run.job_type;
  if (by === 'host') return run.host;
  if (by === 'rank') return run.rank;
  if (by === 'job') return run.job;
  if (by === 'tags') return run.tags;
  if (by === 'notes') return run.notes;
  if (by === 'run_id') return run.run_id;
  if (by === 'last_step') return run.last_step;
  const [source, name] = [by.slice(0, by.indexOf('.')), by.slice(by.indexOf('.') + 1)];
  if (source === 'config') return lookUp(run.config, name);
  return source === 'summary' ? lookUp(run.summary, name) : metricValue(run.uid, by);
}

const numberOf = (value: Json | undefined): number => jsonNumber(value) ?? Number.NaN;

/** Numbers by size, texts by alphabet; what has no value stands last in either direction. */
function compare(a: Json | undefined, b: Json | undefined, descending: boolean): number {
  const sign = descending ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return sign * a.localeCompare(b);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return sign * (x - y);
}

export function sortRuns(runs: Run[], { by, descending }: Sort): Run[] {
  return runs
    .map((run) => ({ run, value: runValue(run, by) }))
    .sort((a, b) => compare(a.value, b.value, descending))
    .map(({ run }) => run);
}

/** A regular expression of the user; null while it is not valid. */
export function userRegExp(text: string, flags = 'i'): RegExp | null {
  try {
    return new RegExp(text, flags);
  } catch {
    return null;
  }
}
