/**
 * What settings of runs have to do with a result: importance by a random forest with a fixed seed,
 * and the correlations of each setting with it.
 *
 * Numbers (and booleans) are one column, a text is a column of 0 and 1 for each of its values; the
 * importance of a text is that of its columns together. A run without a number counts in the
 * forest as the median of the others, and not at all in the correlation.
 */

import { pearson, spearman } from './correlation';
import { bootstraps, type Columns, growForest, randomFrom } from './forest';

export interface Setting {
  name: string;
  /** Of each run; null: not set. */
  values: (number | string | null)[];
}

export interface Factor {
  name: string;
  importance: number;
  pearson: number;
  spearman: number;
  /** Runs that have it. */
  runs: number;
  /** Values of a text, each compared with all others. */
  values: Factor[];
}

export interface Importance {
  runs: number;
  factors: Factor[];
  /** Settings that can say nothing: one value, or texts with too many. */
  constant: string[];
  wordy: string[];
  /** R² on runs that the trees had not seen. */
  score: number;
}

const LEAST_RUNS = 8;
export const TREES = 200;
const SEED = 1;
const MOST_VALUES = 20;
const NOT_SET = 'not set';

interface Encoded {
  setting: Setting;
  columns: { name: string; values: Float64Array }[];
}

/** Settings must vary, the target too: see `refusal`. */
export function importanceOf(settings: Setting[], target: Float64Array): Importance {
  const constant = settings.filter(({ values }) => new Set(values).size < 2);
  const varying = settings.filter((setting) => !constant.includes(setting));
  const wordy = varying.filter(isWordy);
  const encoded = varying.filter((setting) => !wordy.includes(setting)).map(encode);
  const columns: Columns = encoded.flatMap((one) => one.columns.map(({ values }) => values));
  const random = randomFrom(SEED);
  const draws = bootstraps(target.length, TREES, random);
  const { importance, score } = growForest(columns, target, draws, 1, random);
  let at = 0;
  const factors = encoded.map((one) => {
    const shares = importance.subarray(at, at + one.columns.length);
    at += one.columns.length;
    return factorOf(one, shares, target);
  });
  factors.sort((a, b) => b.importance - a.importance);
  const names = (list: Setting[]) => list.map(({ name }) => name);
  return { runs: target.length, factors, constant: names(constant), wordy: names(wordy), score };
}

/** Why there is nothing to compute; null where there is. */
export function refusal(settings: Setting[], target: Float64Array, listed: number): string | null {
  if (target.length < LEAST_RUNS) {
    return `Needs at least ${LEAST_RUNS} runs with a number for it: ${target.length} of ${listed} have one.`;
  }
  if (target.every((value) => value === target[0])) {
    return `It is the same in all ${target.length} runs.`;
  }
  const useful = settings.filter(
    (setting) => new Set(setting.values).size > 1 && !isWordy(setting),
  );
  if (useful.length > 0) return null;
  return `No setting differs between these ${target.length} runs in a way that can be compared.`;
}

const isNumeric = ({ values }: Setting): boolean =>
  values.every((value) => value === null || typeof value === 'number');

/** Texts that (nearly) every run has to itself: names, folders, dates. */
function isWordy(setting: Setting): boolean {
  if (isNumeric(setting)) return false;
  const { size } = new Set(setting.values);
  return size > MOST_VALUES || size > setting.values.length * 0.8;
}

function encode(setting: Setting): Encoded {
  const { name, values } = setting;
  if (isNumeric(setting)) {
    const median = medianOf(values.filter((v): v is number => v !== null));
    const filled = Float64Array.from(values, (value) => (value as number | null) ?? median);
    return { setting, columns: [{ name, values: filled }] };
  }
  const words = values.map((value) => String(value ?? NOT_SET));
  const columns = [...new Set(words)].sort().map((word) => ({
    name: word,
    values: Float64Array.from(words, (one) => Number(one === word)),
  }));
  return { setting, columns };
}

function medianOf(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function factorOf({ setting, columns }: Encoded, shares: Float64Array, target: Float64Array) {
  const { name, values } = setting;
  const runs = values.filter((value) => value !== null).length;
  const importance = shares.reduce((a, b) => a + b, 0);
  if (isNumeric(setting)) {
    const known = values.flatMap((value, row) => (value === null ? [] : [row]));
    const x = known.map((row) => values[row] as number);
    const y = known.map((row) => target[row]);
    const together = { pearson: pearson(x, y), spearman: spearman(x, y) };
    return { name, importance, ...together, runs, values: [] };
  }
  const parts = columns.map(
    (column, i): Factor => ({
      name: column.name,
      importance: shares[i],
      pearson: pearson(column.values, target),
      spearman: spearman(column.values, target),
      runs: column.values.reduce((a, b) => a + b, 0),
      values: [],
    }),
  );
  parts.sort((a, b) => b.importance - a.importance);
  return { name, importance, pearson: Number.NaN, spearman: Number.NaN, runs, values: parts };
}
