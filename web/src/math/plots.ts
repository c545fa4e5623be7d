/** What the charts of `wandb.plot` draw of their tables. */

import type { Json } from '../model/json';
import type { Histogram } from '../model/types';
import { evenEdges } from './histogram';
import { jsonNumber } from './jsonNumber';
import type { PlotSpec } from './plotSpecs';
import { cellText, type LoggedTable } from './table';
import { multiples, niceStep } from './ticks';

export type PlotKind = 'line' | 'scatter' | 'bars' | 'histogram' | 'matrix';

interface Preset {
  kind: PlotKind;
  /** The fields of the specification for what our chart draws, in its order. */
  fields: string[];
  /** A field that may be left out. */
  optional?: string;
}

const PRESETS: Record<string, Preset> = {
  'wandb/line/v0': { kind: 'line', fields: ['x', 'y', 'stroke'], optional: 'stroke' },
  'wandb/lineseries/v0': { kind: 'line', fields: ['step', 'lineVal', 'lineKey'] },
  'wandb/area-under-curve/v0': { kind: 'line', fields: ['x', 'y', 'class'], optional: 'class' },
  'wandb/learning_curve/v1': { kind: 'line', fields: ['train_size', 'score', 'dataset'] },
  'wandb/scatter/v0': { kind: 'scatter', fields: ['x', 'y'] },
  'wandb/bar/v0': { kind: 'bars', fields: ['label', 'value'] },
  'wandb/feature_importances/v1': { kind: 'bars', fields: ['feature_names', 'importances'] },
  'wandb/histogram/v0': { kind: 'histogram', fields: ['value'] },
  'wandb/confusion_matrix/v1': { kind: 'matrix', fields: ['Actual', 'Predicted', 'nPredictions'] },
};

/** The column of `wandb.visualize` that has another name than the field. */
const OTHER_NAMES: Record<string, string> = { nPredictions: 'Count' };

export const plotKind = ({ name }: PlotSpec): PlotKind | null => PRESETS[name]?.kind ?? null;

/** Which columns of a table a chart draws; an optional one that is not chosen is -1. */
export interface PlotColumns {
  at: number[];
  names: string[];
  missing: string[];
}

export function plotColumns(spec: PlotSpec, { columns }: LoggedTable): PlotColumns {
  const { fields, optional } = PRESETS[spec.name];
  const names = fields.map((field) => columnOf(spec, field, columns));
  const at = names.map((name) => columns.findIndex((column) => String(column) === name));
  const missing = names.filter((_, i) => {
    const chosen = fields[i] !== optional || fields[i] in spec.fields;
    return at[i] < 0 && chosen;
  });
  return { at, names, missing };
}

function columnOf({ fields }: PlotSpec, field: string, columns: LoggedTable['columns']): string {
  const other = OTHER_NAMES[field];
  return fields[field] ?? (other && columns.includes(other) ? other : field);
}

/** Whether the columns are those of a ROC, which is compared with the diagonal of chance. */
export const isRoc = ({ names: [x, y] }: PlotColumns): boolean => x === 'fpr' && y === 'tpr';

/** A cell as a number; NaN for what is none. */
const numberOf = (cell: Json | undefined): number => jsonNumber(cell) ?? Number.NaN;

export interface Curve {
  /** Value of the column that tells lines apart; empty where there is none. */
  name: string;
  x: Float64Array;
  y: Float64Array;
}

export interface Curves {
  curves: Curve[];
  /** Rows without two finite numbers. */
  left: number;
}

/** A curve for each value of the third column, ordered by x; points that share x keep their order. */
export function curvesOf({ data }: LoggedTable, [x, y, by]: number[]): Curves {
  const groups = new Map<string, [number, number][]>();
  let left = 0;
  for (const row of data) {
    const point: [number, number] = [numberOf(row[x]), numberOf(row[y])];
    if (!point.every(Number.isFinite)) {
      left++;
      continue;
    }
    const name = cellText(row[by]);
    const points = groups.get(name);
    if (points) points.push(point);
    else groups.set(name, [point]);
  }
  const curves = [...groups].map(([name, points]) => {
    const ordered = points.sort((a, b) => a[0] - b[0]);
    const column = (k: number) => Float64Array.from(ordered, (point) => point[k]);
    return { name, x: column(0), y: column(1) };
  });
  return { curves, left };
}

/** By trapezoids. */
export function areaUnder({ x, y }: Curve): number {
  let area = 0;
  for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
  return area;
}

/** Two numbers of each row; NaN for what is none. */
export function pairsOf({ data }: LoggedTable, [x, y]: number[]): { x: number; y: number }[] {
  return data.map((row) => ({ x: numberOf(row[x]), y: numberOf(row[y]) }));
}

export interface PlotBar {
  label: string;
  value: number;
}

export function barsOf({ data }: LoggedTable, [label, value]: number[]): PlotBar[] {
  return data.map((row) => ({ label: cellText(row[label]), value: numberOf(row[value]) }));
}

/** The values of a column; what is no finite number is counted. */
export function valuesOf({ data }: LoggedTable, [column]: number[]) {
  const values = data.map((row) => numberOf(row[column]));
  const finite = Float64Array.from(values.filter(Number.isFinite));
  return { values: finite, left: values.length - finite.length };
}

const MOST_BINS = 60;
const LEAST_BINS = 8;

/** Edges on nice multiples around all values: about as many bins as the root of their count. */
export function binEdges(all: Float64Array[]): Float64Array {
  const { lo, hi, count } = extentOf(all);
  if (!(hi > lo)) return Float64Array.of(lo, lo);
  const bins = Math.min(MOST_BINS, Math.max(LEAST_BINS, Math.sqrt(count)));
  const step = niceStep((hi - lo) / bins);
  const from = Math.floor(lo / step + 1e-9) * step;
  const edges = multiples(from, hi, step);
  if (edges[edges.length - 1] < hi || edges.length < 2) {
    edges.push(edges[edges.length - 1] + step);
  }
  return evenEdges(edges[0], edges[edges.length - 1], edges.length - 1);
}

function extentOf(all: Float64Array[]) {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const values of all) {
    count += values.length;
    for (const value of values) {
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  return { lo, hi, count };
}

/** Values counted into bins of equal width; the last bin has its upper edge. */
export function binned(values: Float64Array, edges: Float64Array, step: number): Histogram {
  const bins = edges.length - 1;
  const [lo, hi] = [edges[0], edges[bins]];
  const counts = new Float64Array(bins);
  let [total, squares, zeros] = [0, 0, 0];
  for (const value of values) {
    counts[binOf(value, edges)]++;
    total += value;
    squares += value * value;
    if (value === 0) zeros++;
  }
  return {
    ...{ ordinal: 0, step, timeUs: 0, batch: 0, flags: 0 },
    ...{ lo, hi, counts, edges: null, n: values.length, zeros, total, squares },
    ...{ nan: 0, posInf: 0, negInf: 0, magnitude: null, part: null },
  };
}

/** Rounding may put a value beside its bin: the edges decide. */
function binOf(value: number, edges: Float64Array): number {
  const last = edges.length - 2;
  const width = edges[last + 1] - edges[0];
  if (!(width > 0)) return 0;
  const guess = Math.floor(((value - edges[0]) / width) * (last + 1));
  const bin = Math.min(last, Math.max(0, guess));
  if (value < edges[bin]) return Math.max(0, bin - 1);
  return value >= edges[bin + 1] ? Math.min(last, bin + 1) : bin;
}

export interface Matrix {
  actual: string[];
  predicted: string[];
  /** Row by row: actual classes over predicted ones. */
  counts: Float64Array;
}

/** The classes stand in the order in which they first come; both ways alike where they are the same. */
export function matrixOf({ data }: LoggedTable, [actual, predicted, count]: number[]): Matrix {
  const rows = [...new Set(data.map((row) => cellText(row[actual])))];
  const found = [...new Set(data.map((row) => cellText(row[predicted])))];
  const same = rows.length === found.length && found.every((name) => rows.includes(name));
  const columns = same ? rows : found;
  const rowAt = new Map(rows.map((name, i) => [name, i]));
  const columnAt = new Map(columns.map((name, i) => [name, i]));
  const counts = new Float64Array(rows.length * columns.length);
  for (const row of data) {
    const value = numberOf(row[count]);
    const at = rowAt.get(cellText(row[actual]))! * columns.length;
    if (Number.isFinite(value)) counts[at + columnAt.get(cellText(row[predicted]))!] += value;
  }
  return { actual: rows, predicted: columns, counts };
}

/** Each cell as a share of its row; a row without any stays 0. */
export function rowShares({ actual, predicted, counts }: Matrix): Float64Array {
  const wide = predicted.length;
  const sums = actual.map((_, row) => sum(counts.subarray(row * wide, (row + 1) * wide)));
  return counts.map((count, i) => {
    const all = sums[Math.floor(i / wide)];
    return all > 0 ? count / all : 0;
  });
}

export function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Share of what was predicted as what it is; NaN for an empty matrix. */
export function accuracyOf({ actual, predicted, counts }: Matrix): number {
  let right = 0;
  for (const [row, name] of actual.entries()) {
    const column = predicted.indexOf(name);
    if (column >= 0) right += counts[row * predicted.length + column];
  }
  return right / sum(counts);
}
