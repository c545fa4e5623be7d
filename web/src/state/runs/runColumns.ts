/** Columns of the table of runs: every simple value of config and summary, and what they hold. */

import type { Catalogue, Run } from '../../api/types';
import { keyTitle } from '../../math/keyTitle';
import { telling } from '../../math/metricNames';
import { digitsOn } from '../../math/numbers';
import type { Json, JsonObject } from '../../model/json';
import type { Choice } from '../../model/types';
import { definitionOf } from '../project';
import { asNumber } from './filters';
import { AGGREGATES, type Aggregate, aggregateOf, metricKeys } from './metricValues';
import { runValue } from './visibility';

const known = new WeakMap<Run[], string[]>();

/** `config.<key>` and `summary.<key>` of all runs, nested by dots; the same runs are read once. */
export function columnsOf(runs: Run[]): string[] {
  let found = known.get(runs);
  if (!found) {
    found = readColumns(runs);
    known.set(runs, found);
  }
  return found;
}

function readColumns(runs: Run[]): string[] {
  const config = new Set<string>();
  const summary = new Set<string>();
  for (const run of runs) {
    collect(config, 'config', run.config);
    collect(summary, 'summary', run.summary);
  }
  return [...[...config].sort(), ...[...summary].sort()];
}

/** Objects that the client marks are media or histograms: no value for a cell. */
function collect(found: Set<string>, path: string, values: JsonObject): void {
  for (const [key, value] of Object.entries(values)) {
    if (key.startsWith('_')) continue;
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (!isObject) found.add(`${path}.${key}`);
    else if (!('_type' in value)) collect(found, `${path}.${key}`, value);
  }
}

const keyIn = (by: string): string => by.slice(by.indexOf('.') + 1);

/** `lr` of `config.lr`, `val/loss (min)` of `min.val/loss`. */
export function columnName(by: string): string {
  const name = keyTitle(keyIn(by));
  const aggregate = aggregateOf(by)?.aggregate;
  return aggregate ? `${name} (${aggregate})` : name;
}

/** A column as it is called where others stand beside it. */
export const fieldLabel = (by: string): string =>
  by.startsWith('config.') ? fullName(by) : columnName(by);

/** Whether a column holds what was measured, as opposed to set. */
export const isMeasured = (by: string): boolean =>
  by.startsWith('summary.') || aggregateOf(by) !== null;

/** A column with what it is a value of: `config.lr`. */
export const fullName = (by: string): string => by.slice(0, by.indexOf('.') + 1) + columnName(by);

const COLUMNS_AT_FIRST = { config: 3, summary: 4 };

/** Before anybody has chosen: settings that differ between runs, and losses and accuracies. */
export function columnsAtFirst(runs: Run[]): string[] {
  const all = columnsOf(runs);
  const config = all.filter((by) => by.startsWith('config.'));
  const differing = config.filter((by) => differs(runs, by));
  const settings = [...differing, ...config.filter((by) => !differing.includes(by))];
  const measured = all
    .filter((by) => by.startsWith('summary.'))
    .sort((a, b) => weight(a) - weight(b));
  return [
    ...settings.slice(0, COLUMNS_AT_FIRST.config),
    ...measured.slice(0, COLUMNS_AT_FIRST.summary),
  ];
}

const weight = (by: string): number => telling(keyIn(by));

function differs(runs: Run[], by: string): boolean {
  const first = JSON.stringify(runValue(runs[0], by));
  return runs.some((run) => JSON.stringify(runValue(run, by)) !== first);
}

const PLACES: Choice<string>[] = [
  ['host', 'host'],
  ['rank', 'rank'],
  ['job', 'scheduler’s job'],
];

const isSet = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== '';

const isAnywhere = (runs: Run[], by: string): boolean =>
  runs.some((run) => isSet(runValue(run, by)));

/** Where runs ran and what they belong to: fields that stand in the table once they are chosen. */
export const placesOf = (runs: Run[]): string[] =>
  ['group', 'job_type', ...PLACES.map(([by]) => by)].filter((by) => isAnywhere(runs, by));

/** Fields by which runs can be grouped: a config value that is not different in each run. */
export function groupChoices(runs: Run[]): Choice<string>[] {
  const config = columnsOf(runs).filter((by) => by.startsWith('config.'));
  return [
    ['', 'No groups'],
    ['group', 'group'],
    ['job_type', 'job type'],
    ...PLACES.filter(([by]) => isAnywhere(runs, by)),
    ['tags', 'tag'],
    ['state', 'state'],
    ...config.map((by): Choice<string> => [by, columnName(by)]),
  ];
}

export interface ColumnFacts {
  numeric: boolean;
  lo: number;
  hi: number;
  /** Runs in each of the equal parts of lo..hi. */
  parts: number[];
  integers: boolean;
  /** Decimals that values and deltas share. */
  decimals: number;
  /** Digits that tell the values apart. */
  digits: number;
}

const PARTS = 16;
const MOST_DIGITS = 10;

/** Whether the column is the plain value of a metric, as opposed to a setting. */
export const isMetric = (by: string): boolean =>
  by.startsWith('summary.') && metricKeys.value.includes(keyIn(by));

/** Range and distribution of the finite numbers of a column. */
export function factsOf(runs: Run[], by: string): ColumnFacts {
  const values = runs.map((run) => runValue(run, by)).filter((v) => v !== undefined && v !== null);
  const numbers = values.map(asNumber).filter((v): v is number => v !== null);
  const finite = numbers.filter(Number.isFinite);
  const lo = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const hi = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const parts = new Array<number>(PARTS).fill(0);
  for (const value of finite) parts[partOf(value, lo, hi)]++;
  return {
    numeric: numbers.length > 0 && numbers.length === values.length,
    lo,
    hi,
    parts,
    integers: finite.every(Number.isInteger),
    decimals: decimalsFor(Math.max(Math.abs(lo), Math.abs(hi))),
    digits: Math.min(MOST_DIGITS, digitsOn(lo, hi)),
  };
}

export function partOf(value: number, lo: number, hi: number): number {
  return hi > lo ? Math.min(PARTS - 1, Math.floor(((value - lo) / (hi - lo)) * PARTS)) : PARTS >> 1;
}

function decimalsFor(size: number): number {
  if (!Number.isFinite(size) || size === 0) return 0;
  return Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(size))));
}

export type Goal = 'up' | 'down' | null;

const LOWER = /loss|err|perplexity|ppl|mse|mae|rmse|time|latency|grad_norm/i;
const HIGHER = /acc|f1|auc|score|precision|recall|reward|iou|map|bleu|psnr/i;

const goals = new WeakMap<Catalogue, Map<string, Goal>>();

/** Which direction define_metric calls better, in the newest run that says it. */
function definedGoal(catalogue: Catalogue, key: string): Goal {
  const known = goals.get(catalogue) ?? new Map<string, Goal>();
  goals.set(catalogue, known);
  if (!known.has(key)) known.set(key, readGoal(catalogue, key));
  return known.get(key) ?? null;
}

function readGoal(catalogue: Catalogue, key: string): Goal {
  const uids = Object.keys(catalogue.metrics).map(Number);
  for (const uid of uids.sort((a, b) => b - a)) {
    const goal = definitionOf(catalogue.metrics[uid], key)?.goal;
    if (goal) return goal === 'minimize' ? 'down' : 'up';
  }
  return null;
}

/** Which direction is better: what define_metric says, else what the name says. */
export function goalOf(catalogue: Catalogue, by: string): Goal {
  if (!isMeasured(by)) return null;
  const key = keyIn(by);
  const defined = definedGoal(catalogue, key);
  if (defined) return defined;
  if (LOWER.test(key)) return 'down';
  return HIGHER.test(key) ? 'up' : null;
}

/** Best is offered where define_metric says which direction that is. */
export const offeredAggregates = (catalogue: Catalogue, key: string): readonly Aggregate[] =>
  AGGREGATES.filter((name) => name !== 'best' || definedGoal(catalogue, key) !== null);

/** Whether a list begins with the greatest: the newest runs, and what is better. */
export const firstDirection = (catalogue: Catalogue, by: string): boolean =>
  by === 'created' || goalOf(catalogue, by) === 'up';

/** The value that all of the runs have; undefined where they have none or differ. */
export function commonValue(runs: Run[], by: string): Json | undefined {
  const value = runValue(runs[0], by);
  return isSet(value) && !differs(runs, by) ? value : undefined;
}

export function medianOf(runs: Run[], by: string): number | null {
  const numbers = runs
    .map((run) => asNumber(runValue(run, by)))
    .filter((value): value is number => value !== null && Number.isFinite(value))
    .sort((a, b) => a - b);
  if (numbers.length === 0) return null;
  const middle = numbers.length >> 1;
  return numbers.length % 2 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2;
}
