/** How runs are ordered and coloured, and the values that they are known by. */

import { computed, signal } from '@preact/signals';
import type { Run } from '../../api/types';
import { runColor, runDash } from '../../math/color';
import { jsonNumber } from '../../math/jsonNumber';
import type { Json } from '../../model/json';
import { openProject } from '../overlays';
import { params } from '../view/view';
import { metricValue } from './metricValues';

/** The run that the pointer is on in a list or near in a chart; its lines are drawn thicker. */
export const highlighted = signal<number | null>(null);

/** The field whose values have colours, instead of each run. */
export const colorField = computed(() => params.value.color ?? '');

const valueKey = (run: Run): string => JSON.stringify(runValue(run, colorField.value) ?? null);

/** The slots of the values of that field, over all runs so that filters keep colours. */
const valueSlots = computed(() => {
  const runs = colorField.value ? (openProject.value?.runs.value ?? []) : [];
  const values = [...new Set(runs.map(valueKey))];
  values.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return new Map(values.map((value, slot) => [value, slot]));
});

const valueSlot = (run: Run): number => valueSlots.value.get(valueKey(run)) ?? 0;

/** CSS colour or custom property of a run: what was chosen, else its slot of the palette. */
export function colorOf(run: Run): string {
  if (colorField.value) return runColor(valueSlot(run));
  return run.color || runColor(run.slot);
}

export function dashOf(run: Run): number[] {
  if (colorField.value) return runDash(valueSlot(run));
  return run.color ? [] : runDash(run.slot);
}

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
